#include "support/cluster.h"

#include <stdio.h>
#include <stdlib.h>

#include "support/fail.h"

static const char *tapedeck(void)
{
	const char *path = getenv("TAPEDECK_TEST_BROKER");
	if (!path || !*path)
		support_fail("TAPEDECK_TEST_BROKER does not name tapedeck: run this test with ctest");
	return path;
}

static void start(struct support_server *server, const struct support_server_plan *plan)
{
	if (support_server_open(server, plan) < 0)
		support_fail("%s does not start", plan->program);
}

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

/* The first server has no routes; the others find each other through it. */
static void open_server(struct support_cluster *cluster, int number, const char *const *flags)
{
	struct support_node *node = &cluster->nodes[number];
	support_tempdir_open(&node->server_dir);
	snprintf(node->cluster, sizeof(node->cluster), "nats://127.0.0.1:-1");
	if (number > 0)
		snprintf(node->routes, sizeof(node->routes), "nats://127.0.0.1:%d",
			 cluster->nodes[0].server.cluster_port);
	build_server_args(node, flags);
	node->server_plan = (struct support_server_plan){
	    .program = "nats-server", .args = node->server_args, .dir = node->server_dir.path};
	start(&node->server, &node->server_plan);
	/* For a restart. */
	node->server_plan.port = node->server.port;
	snprintf(node->cluster, sizeof(node->cluster), "nats://127.0.0.1:%d", node->server.cluster_port);
	if (number == 0)
		snprintf(node->routes, sizeof(node->routes), "%s", node->cluster);
	build_server_args(node, flags);
}

static void open_proxy(struct support_node *node)
{
	support_tempdir_open(&node->dir);
	support_tempdir_path(&node->dir, "log", node->log, sizeof(node->log));
	snprintf(node->upstream, sizeof(node->upstream), "nats://127.0.0.1:%d", node->server.port);
	const char *const own[] = {
	    "--upstream", node->upstream, "--record", node->log, "--record-detail=protocol", NULL};
	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		node->args[i] = own[i];
	node->plan = (struct support_server_plan){.program = tapedeck(),
						  .command = "proxy",
						  .args = node->args,
						  .dir = node->dir.path,
						  .is_proxy = true};
	start(&node->proxy, &node->plan);
}

void support_cluster_open(struct support_cluster *cluster, const char *const *server_flags)
{
	*cluster = (struct support_cluster){0};
	for (int i = 0; i < SUPPORT_NODES; i++)
		open_server(cluster, i, server_flags);
	for (int i = 0; i < SUPPORT_NODES; i++)
		open_proxy(&cluster->nodes[i]);
}

void support_cluster_kill(struct support_cluster *cluster, int node)
{
	support_server_kill(&cluster->nodes[node].server);
}

void support_cluster_restart(struct support_cluster *cluster, int number)
{
	struct support_node *node = &cluster->nodes[number];
	/* The first server comes back through one that is there. */
	if (number == 0)
		snprintf(node->routes, sizeof(node->routes), "%s", cluster->nodes[1].cluster);
	start(&node->server, &node->server_plan);
}

int support_cluster_stop(struct support_cluster *cluster)
{
	int worst = 0;
	for (int i = 0; i < SUPPORT_NODES; i++) {
		int status = support_server_close(&cluster->nodes[i].proxy);
		worst = status > worst ? status : worst;
	}
	return worst;
}

void support_cluster_close(struct support_cluster *cluster)
{
	support_cluster_stop(cluster);
	for (int i = 0; i < SUPPORT_NODES; i++) {
		support_server_kill(&cluster->nodes[i].server);
		support_tempdir_close(&cluster->nodes[i].server_dir);
		support_tempdir_close(&cluster->nodes[i].dir);
	}
}
