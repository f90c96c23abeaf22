/* holding_layer.h - a layer as encryption will be one, for tests: it changes every byte, and holds a copy of what it has
 * changed until the stream below has taken it. Two of them in a row change nothing. */
#ifndef TESTS_HOLDING_LAYER_H
#define TESTS_HOLDING_LAYER_H

#include "net/listener.h"

struct holding_layer {
	struct net_layer layer;
	char mask; /* exclusive-or of every byte; 0: bytes stay as they are */
};

/* For holding_layer.layer.open. */
int holding_layer_open(const struct net_layer *layer, struct net_stream *below, struct net_stream **stream);

#endif
