/* state.h - struct definitions of export/spans. Internal. */
#ifndef EXPORT_SPANS_STATE_H
#define EXPORT_SPANS_STATE_H

#include "export/spans/held.h"
#include "export/spans/sampling.h"
#include "export/spans/spans.h"
#include "trace/requests.h"

enum { EXPORT__RECENT = 1 << 14 /* a power of two */ };

/* A request that is remembered, so that replies find it. */
struct export__request {
	struct export_span_context context; /* of the requester's span */
	uint64_t parent;
	struct export__held *held; /* owned; NULL: all is given out */
	int64_t time_ns;           /* since the epoch */
	uint32_t client, service;  /* who asked */
	uint32_t origin;           /* the input, as wire_source_origin */
	bool is_published;         /* its publishing was seen, not only its delivery */
	bool is_finished;          /* the requester's span was given out */
	bool is_taken;             /* by sampling */
};

/* The spans of the last publishers, for deliveries that are seen apart. */
struct export__recent {
	uint64_t seq; /* 0: none */
	uint32_t origin;
	struct export_span_context context;
};

struct export_spans {
	struct export_spans_options options;
	struct wire_source *source; /* NULL before the first event */
	struct trace_clients clients;
	struct trace_requests requests;
	struct export__request *ring; /* EXPORT_SPANS_REQUESTS of them, by the keys of `requests` */
	uint64_t first;               /* requests before this number hold nothing */
	uint64_t gap_at;              /* after those before this number something was not recorded */
	size_t held_bytes;
	struct export__receiver *receivers; /* room for those of one message; owned */
	uint32_t receivers_cap;
	struct export__recent *recent; /* EXPORT__RECENT of them, by sequence number */
	struct export_sampling sampling;
	uint64_t events;
	int64_t last_ns, last_steady_ns; /* of the last event */
	uint64_t nameless, evicted, reused, seen_again;
};

#endif
