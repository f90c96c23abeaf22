/* latency_rows.h - what happened to the requests of one subject, requester, responder or interval. */
#ifndef TRACE_LATENCY_ROWS_H
#define TRACE_LATENCY_ROWS_H

#include <stdbool.h>

#include "trace/examples.h"
#include "trace/histogram.h"
#include "trace/memory.h"

/* A duration that is not known. */
#define TRACE_LATENCY_UNKNOWN INT64_MIN

/* Of every row, its slowest requests. */
enum { TRACE_LATENCY_EXAMPLES = 3 };

/* How a request ended. */
struct trace_latency_outcome {
	struct trace_example request; /* its latency_ns is the time to the first reply */
	int64_t last_ns;              /* to the last reply, or TRACE_LATENCY_UNKNOWN */
	int64_t service_ns, bus_ns;   /* of the first reply, or TRACE_LATENCY_UNKNOWN */
	uint32_t replies;
	bool several_responders;
	bool no_responders; /* nobody was subscribed */
	/* Of a request without a reply, why it may have had one that is not known: */
	bool is_at_end;     /* the events end soon after it */
	bool is_at_gap;     /* something is missing soon after it */
	bool is_evicted;    /* it was forgotten early, for lack of memory */
	bool is_superseded; /* its reply subject was used again: a later reply counts for the later request */
	bool is_undelivered; /* every receiver lost it */
};

struct trace_latency_row {
	uint64_t count, answered, no_responders;
	uint64_t several_replies, several_responders; /* of the answered */
	/* Neither answered nor without responders, and of these, those that may have had a reply (see above). */
	uint64_t unanswered, at_end, at_gap, evicted, superseded, undelivered;
	struct trace_histogram latency;      /* to the first reply */
	struct trace_histogram last;         /* to the last reply */
	struct trace_histogram service, bus; /* where delivery times are known */
	struct trace_examples slowest;
	bool is_unbounded; /* one of the few sums: it takes memory beyond the bound, 120 KiB at most */
};

/* Rows by their number. */
struct trace_latency_rows {
	struct trace_memory *memory;     /* borrowed */
	struct trace_latency_row **list; /* owned, each one too; NULL = no row of that number */
	uint32_t cap;
	uint32_t others_number;          /* the number of what found no room before: it is in `others`, too */
	struct trace_latency_row others; /* the sum of rows that found no room */
};

/* Memory that a row takes from rows->memory. */
enum { TRACE_LATENCY_ROW_BYTES = sizeof(struct trace_latency_row) + 4 * sizeof(struct trace_example) };

/* Empty rows. Borrows the memory. */
void trace_latency_rows_init(struct trace_latency_rows *rows, struct trace_memory *memory,
			     uint32_t others_number);
void trace_latency_rows_fini(struct trace_latency_rows *rows);

/* The row of this number, added when it is new; &rows->others when there is no room for it, and for others_number. */
struct trace_latency_row *trace_latency_rows_at(struct trace_latency_rows *rows, uint32_t number);

/* Count a duration in a histogram of the row. One that finds no memory counts for the maximum only, and in memory->refused. */
void trace_latency_count(const struct trace_latency_row *row, struct trace_histogram *histogram, int64_t ns,
			 struct trace_memory *memory);

/* Count a request. */
void trace_latency_row_add(struct trace_latency_row *row, const struct trace_latency_outcome *outcome,
			   struct trace_memory *memory);

/* Sort the slowest requests of each row. */
void trace_latency_rows_sort(struct trace_latency_rows *rows);

void trace_latency_row_fini(struct trace_latency_row *row);

#endif
