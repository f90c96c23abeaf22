#include "support/cluster.h"

#include <stdio.h>

/* Where the node listens for routes, and where it finds the others. The first server has no routes when it starts. */
static void build_server_args(struct support_node *node, const char *const *flags)
{
	enum { FLAGS_MAX = sizeof(node->server_args) / sizeof(node->server_args[0]) - 1 };
	const char *const own[] = {"--cluster_name", "east",     "--cluster",
				   node->cluster,    "--routes", node->routes};
	const size_t count = node->routes[0] ? 6 : 4;
	size_t len = 0;
	for (size_t i = 0; i < count; i++)
		node->server_args[len++] = own[i];
	for (size_t i = 0; flags && flags[i] && len < FLAGS_MAX; i++)
		node->server_args[len++] = flags[i];
	node->server_args[len] = NULL;
}

static void open_server(struct support_cluster *cluster, int number, const char *const *flags)
{
	struct support_node *node = &cluster->nodes[number];
	struct support_server *server = &node->pair.server;
	snprintf(node->cluster, sizeof(node->cluster), "nats://127.0.0.1:-1");
	if (number > 0)
		snprintf(node->routes, sizeof(node->routes), "%s", cluster->nodes[0].cluster);
	build_server_args(node, flags);
	support_proxy_open_server(&node->pair, node->server_args);
	/* For a restart. */
	snprintf(node->cluster, sizeof(node->cluster), "nats://127.0.0.1:%d", server->cluster_port);
	if (number == 0)
		snprintf(node->routes, sizeof(node->routes), "%s", node->cluster);
	build_server_args(node, flags);
}

void support_cluster_open(struct support_cluster *cluster, const char *const *server_flags,
			  const char *const *proxy_flags)
{
	*cluster = (struct support_cluster){0};
	for (int i = 0; i < SUPPORT_NODES; i++)
		open_server(cluster, i, server_flags);
	for (int i = 0; i < SUPPORT_NODES; i++)
		support_proxy_open_in_front(&cluster->nodes[i].pair, proxy_flags);
}

void support_cluster_kill(struct support_cluster *cluster, int node)
{
	support_server_kill(&cluster->nodes[node].pair.server);
}

void support_cluster_restart(struct support_cluster *cluster, int number)
{
	struct support_node *node = &cluster->nodes[number];
	/* The first server comes back through one that is there. */
	if (number == 0)
		snprintf(node->routes, sizeof(node->routes), "%s", cluster->nodes[1].cluster);
	support_proxy_restart_server(&node->pair);
}

int support_cluster_stop(struct support_cluster *cluster)
{
	int worst = 0;
	for (int i = 0; i < SUPPORT_NODES; i++) {
		int status = support_proxy_stop(&cluster->nodes[i].pair);
		worst = status > worst ? status : worst;
	}
	return worst;
}

void support_cluster_close(struct support_cluster *cluster)
{
	for (int i = 0; i < SUPPORT_NODES; i++)
		support_proxy_close(&cluster->nodes[i].pair);
}
