/* proxy_layer.h - a layer of streams that begin with a header of the PROXY protocol (net/proxy_header.h).
 *
 * It reads the header, and not one byte more. Then `opened` follows, the peer of the stream is the one that the header names, and
 * bytes pass as they are. When the header is malformed, or has not come within NET_PROXY_LAYER_MS, `ended` follows instead, with
 * NET_EPROXYHEADER or UV_ETIMEDOUT. A layer for encryption stands above this one. */
#ifndef NET_PROXY_LAYER_H
#define NET_PROXY_LAYER_H

#include "net/listener.h"
#include "net/networks.h"

enum { NET_PROXY_LAYER_MS = 5000 };

struct net_proxy_layer {
	struct net_layer layer; /* first */
	uv_loop_t *loop;
	/* Peers in these networks send a header; others send none, and are taken as they are. Empty: all peers send one. */
	struct net_networks from;
};

/* The open function of the layer. */
int net_proxy_layer_open(const struct net_layer *layer, struct net_stream *below, struct net_stream **stream);

#endif
