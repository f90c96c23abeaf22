/* event_summary.h - a summary of events that are added one by one, from whatever source. */
#ifndef STORE_READ_EVENT_SUMMARY_H
#define STORE_READ_EVENT_SUMMARY_H

#include "store/read/summary.h"

/* A summary that is being made. */
struct store_event_summary;

/* The filter of the options is ignored. NULL when out of memory. */
struct store_event_summary *store_event_summary_open(const struct store_summary_options *options);
void store_event_summary_close(struct store_event_summary *running);

/* Count an event. client describes its connection, NULL: not known. 0 or -ENOMEM. */
int store_event_summary_add(struct store_event_summary *running, const struct wire_event *event,
			    const struct wire_client *client);

/* The summary so far, its lists in no order, valid until the next call. Segments and blocks are 0. */
const struct store_summary *store_event_summary_so_far(const struct store_event_summary *running);

/* As so_far, with its lists in order, valid until close. No event may be added after that. */
const struct store_summary *store_event_summary_end(struct store_event_summary *running);

#endif
