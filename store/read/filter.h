/* filter.h - the conditions that choose the events of every reading command.
 *
 * All conditions must hold; within one list any entry may hold. Checked at every level, cheapest first: a block by its header, then by its dictionary, then each event.
 *
 * Events that lack what a condition is about:
 *   gap             passes all but kinds and times, since a reader must not hide loss
 *   no subject      (connect, mark, …) fails when subjects are asked for, passes when some are only excluded
 *   no payload      has size 0; only messages and deliveries can have headers or match a regular expression
 *   client          the client of an event is a message's publisher, never a receiver
 *
 * One filter serves one thread at a time: matching uses scratch memory inside it. */
#ifndef STORE_READ_FILTER_H
#define STORE_READ_FILTER_H

#include "store/read/decode.h"

struct store_filter;

/* All events pass, except repeated connect events. NULL when out of memory. */
struct store_filter *store_filter_open(void);
void store_filter_close(struct store_filter *filter);

/* Conditions. Arguments are copied. 0, -ENOMEM, or STORE_EFILTER with *fault naming the argument. */

/* A subject with or without wildcards; subjects in a log are literal. */
int store_filter_subject(struct store_filter *filter, const char *pattern, struct wire_fault *fault);
int store_filter_exclude(struct store_filter *filter, const char *pattern, struct wire_fault *fault);
/* A client's name (all of it), a connection number, or an address with or without its port. */
int store_filter_client(struct store_filter *filter, const char *name_id_or_ip, struct wire_fault *fault);
/* "KEY" (case-sensitive, as in the NATS clients) or "KEY=VALUE": any header of that key. */
int store_filter_header(struct store_filter *filter, const char *key_or_pair, struct wire_fault *fault);
/* A regular expression (PCRE2) somewhere in the payload, taken as bytes. One that needs too many steps for a
 * payload counts as not found there. */
int store_filter_grep(struct store_filter *filter, const char *regex, struct wire_fault *fault);
/* Comma-separated kind names. Without this call: every kind, but no repeated connect events. */
int store_filter_kinds(struct store_filter *filter, const char *names, struct wire_fault *fault);
void store_filter_since(struct store_filter *filter, int64_t ns);         /* inclusive */
void store_filter_until(struct store_filter *filter, int64_t ns);         /* exclusive */
bool store_filter_is_over(const struct store_filter *filter, int64_t ns); /* nothing from ns on passes */
void store_filter_min_size(struct store_filter *filter, uint64_t bytes);  /* of the payload, true size */

/* Questions. */
bool store_filter_needs_payloads(const struct store_filter *filter); /* grep or header */
bool store_filter_needs_clients(const struct store_filter *filter);
bool store_filter_needs_subjects(const struct store_filter *filter);
bool store_filter_is_empty(const struct store_filter *filter); /* it has no condition */
/* The times that were given, INT64_MIN and INT64_MAX without them. */
void store_filter_period(const struct store_filter *filter, int64_t *since_ns, int64_t *until_ns);
/* Can an event between these times, both inclusive, pass? */
bool store_filter_times(const struct store_filter *filter, int64_t min_ns, int64_t max_ns);
/* By its header, can an event of this block pass? */
bool store_filter_block(const struct store_filter *filter, const struct store_block_header *header);
/* By its header, does every event of this block pass whose subject passes? */
bool store_filter_whole_block(const struct store_filter *filter, const struct store_block_header *header);
bool store_filter_asks_for_gaps(const struct store_filter *filter); /* by their kind */
bool store_filter_passes_kind(const struct store_filter *filter, enum wire_event_kind kind);
/* An empty subject: the event has none. */
bool store_filter_passes_subject(const struct store_filter *filter, struct wire_slice subject);
bool store_filter_passes_client(const struct store_filter *filter, uint64_t conn,
				const struct wire_client *client);
/* The conditions on numbers: kind, time, true payload size. */
bool store_filter_passes_numbers(const struct store_filter *filter, enum wire_event_kind kind,
				 int64_t time_ns, uint64_t size);
/* The conditions that need the event itself: headers, payload, whether it is a repetition. */
bool store_filter_passes_content(const struct store_filter *filter, const struct wire_event *event);
/* The event as a whole. client may be NULL: unknown. */
bool store_filter_event(const struct store_filter *filter, const struct wire_event *event,
			const struct wire_client *client);

#endif
