/* filter.h - which events a reader wants: one set of conditions for every reading command.
 *
 * All conditions must hold; within one list any entry may hold. Asked at every level, cheapest first: a
 * segment by its index, a block by its header, then by its dictionary, then each event. */
#ifndef STORE_FILTER_H
#define STORE_FILTER_H

#include "store/decode.h"

struct store_filter;

/* Everything passes. NULL when out of memory. */
struct store_filter *store_filter_open(void);
void store_filter_close(struct store_filter *filter);

/* Conditions. Arguments are copied. 0, -ENOMEM, or STORE_EFILTER with *fault naming the argument. */
int store_filter_subject(struct store_filter *filter, const char *pattern, struct wire_fault *fault);
int store_filter_exclude(struct store_filter *filter, const char *pattern, struct wire_fault *fault);
int store_filter_client(struct store_filter *filter, const char *name_id_or_ip, struct wire_fault *fault);
int store_filter_header(struct store_filter *filter, const char *key_or_pair, struct wire_fault *fault);
int store_filter_grep(struct store_filter *filter, const char *regex, struct wire_fault *fault);
/* Comma-separated kind names. Without this call: every kind but repeated connect events. */
int store_filter_kinds(struct store_filter *filter, const char *names, struct wire_fault *fault);
void store_filter_since(struct store_filter *filter, int64_t ns); /* inclusive */
void store_filter_until(struct store_filter *filter, int64_t ns); /* exclusive */
void store_filter_min_size(struct store_filter *filter, uint64_t bytes);

/* Questions. */
bool store_filter_needs_payloads(const struct store_filter *filter); /* grep or header */
bool store_filter_needs_clients(const struct store_filter *filter);
bool store_filter_is_empty(const struct store_filter *filter); /* everything passes */
bool store_filter_times(const struct store_filter *filter, int64_t min_ns, int64_t max_ns);
bool store_filter_block(const struct store_filter *filter, const struct store_block_header *header);
bool store_filter_passes_subject(const struct store_filter *filter, struct wire_slice subject);
/* The event as a whole. client may be NULL: unknown. */
bool store_filter_event(const struct store_filter *filter, const struct wire_event *event,
			const struct wire_client *client);

#endif
