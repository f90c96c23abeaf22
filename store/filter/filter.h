/* filter.h - the conditions that choose the events of every reading command.
 *
 * All conditions must hold; within one list any entry may hold. The kinds, times, sequence numbers and subjects say which
 * events are looked at; the others say which of them are chosen, or with store_filter_invert, which are not.
 *
 * Events that lack what a condition is about:
 *   gap             passes all but kinds, times and sequence numbers, since a reader must not hide loss
 *   no subject      (connect, mark, …) fails when subjects are asked for, passes when some are only excluded
 *   no payload      has size 0; regular expressions search the text of an error, a mark or a disconnect
 *   client          the client of an event is a message's publisher, never a receiver
 *   receivers       unknown ones are neither nobody nor a receiver that is asked for
 *
 * Checked at every level, cheapest first (passes.h). One filter serves one thread at a time: matching uses memory inside it. */
#ifndef STORE_FILTER_FILTER_H
#define STORE_FILTER_FILTER_H

#include "store/where/where.h"
#include "wire/source.h"

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
/* Likewise: a client that the message was delivered to. */
int store_filter_receiver(struct store_filter *filter, const char *name_id_or_ip, struct wire_fault *fault);
/* "KEY", "KEY=VALUE" or "KEY~REGEX": any header of that key, whatever the case of either. */
int store_filter_header(struct store_filter *filter, const char *condition, struct wire_fault *fault);
/* A regular expression (PCRE2) somewhere in the payload, or in the text of an error, a mark or a disconnect, taken as bytes. One that needs too many steps for a
 * payload counts as not found there. */
int store_filter_grep(struct store_filter *filter, const char *regex, struct wire_fault *fault);
/* Where regular expressions look instead: one of "payload", "headers", "subject", or several with commas between them. */
int store_filter_grep_in(struct store_filter *filter, const char *places, struct wire_fault *fault);
/* An expression (docs/filters.md). */
int store_filter_where(struct store_filter *filter, const char *expression,
		       const struct store_where_times *times, struct wire_fault *fault);
/* Comma-separated kind names. Without this call: every kind, but no repeated connect events. */
int store_filter_kinds(struct store_filter *filter, const char *names, struct wire_fault *fault);
/* Sequence numbers: "N", "A..B", "A.." or "..B", both inclusive. */
int store_filter_seq(struct store_filter *filter, const char *range, struct wire_fault *fault);
void store_filter_since(struct store_filter *filter, int64_t ns);         /* inclusive */
void store_filter_until(struct store_filter *filter, int64_t ns);         /* exclusive */
bool store_filter_is_over(const struct store_filter *filter, int64_t ns); /* nothing from ns on passes */
void store_filter_min_size(struct store_filter *filter, uint64_t bytes);  /* of the payload, true size */
/* Messages that had no receiver (wire_event_is_unheard). */
void store_filter_unheard(struct store_filter *filter);
/* Pass the events for which not all of the conditions on clients, receivers, headers, payload and size hold, or the
 * expression does not. False: there is no such condition. */
bool store_filter_invert(struct store_filter *filter);

/* Questions. */
/* An event cannot be judged without its headers and payload. */
bool store_filter_needs_payloads(const struct store_filter *filter);
/* There are conditions on subjects. */
bool store_filter_needs_subjects(const struct store_filter *filter);
bool store_filter_is_empty(const struct store_filter *filter); /* it has no condition */
/* The times that were given, INT64_MIN and INT64_MAX without them. */
void store_filter_period(const struct store_filter *filter, int64_t *since_ns, int64_t *until_ns);
/* Can an event between these times, both inclusive, pass? */
bool store_filter_times(const struct store_filter *filter, int64_t min_ns, int64_t max_ns);
bool store_filter_asks_for_gaps(const struct store_filter *filter); /* by their kind */
bool store_filter_passes_kind(const struct store_filter *filter, enum wire_event_kind kind);
/* An empty subject: the event has none. */
bool store_filter_passes_subject(const struct store_filter *filter, struct wire_slice subject);
/* The event as a whole, which the source has just given out. source may be NULL: no connection is described. */
bool store_filter_event(const struct store_filter *filter, const struct wire_event *event,
			struct wire_source *source);

#endif
