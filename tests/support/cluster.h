/* cluster.h - a cluster of real nats-servers, with `tapedeck proxy` in front of each, which records. */
#ifndef SUPPORT_CLUSTER_H
#define SUPPORT_CLUSTER_H

#include "support/proxy.h"

enum { SUPPORT_NODES = 3 };

struct support_cluster {
	struct support_node {
		struct support_proxy pair; /* clients connect to the port of the proxy */
		char cluster[64], routes[64];
		const char *server_args[32];
	} nodes[SUPPORT_NODES];
};

/* Start the servers and the proxies with these flags, which end with NULL; NULL = none. Servers that get --tls are tls://
 * upstreams. Ends the test program when one does not start. The routes between the servers need not be there yet. */
void support_cluster_open(struct support_cluster *cluster, const char *const *server_flags,
			  const char *const *proxy_flags);

/* kill -9 a server; start it again on its ports. */
void support_cluster_kill(struct support_cluster *cluster, int node);
void support_cluster_restart(struct support_cluster *cluster, int node);

/* Stop the proxies, so that their logs are whole. The worst exit status of them. */
int support_cluster_stop(struct support_cluster *cluster);

/* Stop all and remove their folders. */
void support_cluster_close(struct support_cluster *cluster);

#endif
