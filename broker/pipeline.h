/* pipeline.h - busy publishers: look at several messages before the first one is delivered. Inside this folder. */
#ifndef BROKER_PIPELINE_H
#define BROKER_PIPELINE_H

#include "broker/client.h"
#include "wire/parse.h"

/* Both return the bytes of the messages they published, 0 when broker__op has to continue. They stop at the end of the
 * turn; client->is_begun says whether in the middle of the next message.
 *
 * The messages at the start of data[0..len) that are like *first, which was published just before them. */
size_t broker__pipeline_batch(struct broker_client *client, const struct wire_op *first, const char *data,
			      size_t len, const struct wire_limits *limits);
/* Any messages, for a client with BROKER__MATCHES_FAR matches or more: their memory is fetched ahead. */
size_t broker__pipeline_ahead(struct broker_client *client, const char *data, size_t len,
			      const struct wire_limits *limits);

#endif
