/* state.h - what a struct trace_conversations holds. Struct definitions only. Internal to trace. */
#ifndef TRACE_CONVERSATION_STATE_H
#define TRACE_CONVERSATION_STATE_H

#include "trace/conversation/deliveries.h"
#include "trace/conversation/mentions.h"
#include "trace/conversations.h"
#include "trace/fold.h"

enum { TRACE__GAPS_MAX = 1024, TRACE__ID_COUNTS = 1 << 16 };

struct trace_conversations {
	struct trace_conversations_options options;
	struct trace_clients clients;
	struct trace__mentions mentions;
	struct trace__deliveries deliveries;
	struct trace_fold fold;
	struct trace_conversation *oldest, *newest; /* by the time of the last message */
	uint32_t chosen;                            /* of them, with a chosen message */
	size_t bytes;                               /* of nodes and edges */
	int64_t now_ns;                             /* steady time of the last event */
	struct trace_gap gaps[TRACE__GAPS_MAX];     /* a ring */
	uint64_t gaps_count;                        /* so far */
	uint16_t *id_counts; /* how often a value was seen in messages, by its hash; owned */
	struct trace_conversations_stats stats;
};

#endif
