/* held.h - a request while it waits for its reply: what its spans will say of the message and of its receivers. Internal to
 * export/spans. */
#ifndef EXPORT_SPANS_HELD_H
#define EXPORT_SPANS_HELD_H

#include <stdbool.h>
#include <stddef.h>

#include "export/spans/span.h"

struct export__receiver {
	uint32_t client, service; /* as in struct export_span */
	uint32_t number;          /* of its span */
	int64_t after_ns;         /* it got the message so long after the publishing */
	struct wire_slice queue;
	enum export_span_error error;
	bool is_given; /* its span was given out */
};

/* One block of memory. */
struct export__held {
	struct export_span_message message;
	size_t bytes;       /* of the block */
	uint32_t len, left; /* receivers; those that are not given */
	struct export__receiver receivers[];
};

/* A copy of a message and its receivers, and of one more unless `more` is NULL. headers_max: bytes of the headers that are kept.
 * NULL when out of memory. Free it with free(). */
struct export__held *export__held_copy(const struct export_span_message *message,
				       const struct export__receiver *receivers, uint32_t len,
				       const struct export__receiver *more, size_t headers_max);

/* The receiver that is this client and has not answered yet; NULL when there is none. */
struct export__receiver *export__held_find(struct export__held *held, uint32_t client);

#endif
