/* info_filter.h - pass on the bytes of a server, with every INFO rewritten. Internal to tap.
 *
 * An INFO may come between any two operations, so the filter follows the boundaries of operations: it parses control lines
 * and counts the bytes of payloads, which are not copied. Bytes pass at once; only an INFO line that has not ended waits.
 * When the bytes are no operation (TLS, a link between servers) all that follow pass unchanged. */
#ifndef TAP_PROXY_INFO_FILTER_H
#define TAP_PROXY_INFO_FILTER_H

#include <stdint.h>

#include "tap/proxy/info_rewrite.h"

enum { TAP__INFO_LINE_MAX = 256 << 10 }; /* bytes; a longer INFO passes unchanged */

/* Zeroed: at the start of the stream. */
struct tap__info_filter {
	uint64_t body_left; /* bytes of a payload until the next operation */
	char *line;         /* the beginning of a control line; owned */
	size_t line_len, line_cap;
	char nonce[64];      /* of a server that may trust proxies; "" */
	bool holds_line;     /* it may be an INFO, and was not passed on */
	bool is_transparent; /* no boundary is known any more */
};

/* Bytes to be passed on. */
struct tap__passed {
	struct wire_slice bytes;
	char *memory; /* owned by the caller when it is not NULL: the bytes lie in it; else in the input */
};

void tap__info_filter_fini(struct tap__info_filter *filter);

/* Take bytes of the server; *passed is what to send to the client, maybe nothing. 0 or -ENOMEM, after which the filter may
 * only be ended. */
int tap__info_filter_take(struct tap__info_filter *filter, const struct tap__info_rules *rules,
			  struct wire_slice input, struct tap__passed *passed);

/* The server has ended its stream: pass on what waits. */
void tap__info_filter_end(struct tap__info_filter *filter, struct tap__passed *passed);

#endif
