/* event_summary.h - a summary of events that are added one by one, from whatever source. */
#ifndef STORE_READ_EVENT_SUMMARY_H
#define STORE_READ_EVENT_SUMMARY_H

#include "store/read/summary.h"

/* Totals of events that come from anywhere, one by one. */
struct store_event_summary;

/* clients: fill in the client table too. NULL when out of memory. */
struct store_event_summary *store_event_summary_open(bool clients);
void store_event_summary_close(struct store_event_summary *totals);

/* Count an event; client is what is known of its connection, or NULL. 0 or -ENOMEM. */
int store_event_summary_add(struct store_event_summary *totals, const struct wire_event *event,
			    const struct wire_client *client);

/* What was counted so far, its lists in no order, valid until the next call. Nothing is known of segments and blocks, which
 * are 0. */
const struct store_summary *store_event_summary_so_far(const struct store_event_summary *totals);

/* The subjects with the most messages so far, falling, at most max of them. Returns how many. Valid until the next call. */
size_t store_event_summary_top(const struct store_event_summary *totals,
			       const struct store_summary_subject **top, size_t max);

/* As so_far, with its lists in their order, valid until close. No event may be added any more. */
const struct store_summary *store_event_summary_end(struct store_event_summary *totals);

#endif
