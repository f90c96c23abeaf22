/* trace_session.h - one run of `tapedeck trace` over conversations, and a pass over its source. Struct definitions only. */
#ifndef CLI_COMMANDS_TRACE_SESSION_H
#define CLI_COMMANDS_TRACE_SESSION_H

#include "cli/commands/trace_choice.h"
#include "cli/commands/trace_conversations.h"
#include "cli/commands/trace_points.h"
#include "export/sequence/conversation.h"
#include "export/text/out.h"
#include "store/read/merge.h"
#include "trace/causality.h"
#include "trace/conversations.h"

/* The purpose of a pass over the source. */
enum cli_trace_purpose { CLI_TRACE_TO_LEARN, CLI_TRACE_TO_GIVE };

struct cli_trace_session {
	const struct cli_trace_run *trace;
	const struct cli_trace_conversation_settings *settings;
	struct cli_trace_choice choice;
	struct cli_trace_points points;
	struct trace_keys *keys;
	struct trace_causality *causality;
	unsigned evidence;
	int64_t window_ns;
	int64_t
	    set_ns; /* the clocks of the logs were set, by so much at most in all: the time of a later event may be so much earlier */
	struct export_out out;
	int interrupt_fd;
	/* Takes a conversation that was chosen. */
	void (*give)(struct cli_trace_session *session, const struct export_conversation *conversation);
	void *context;       /* of `give` */
	size_t payload_max;  /* bytes that are kept of a payload while its conversation goes on; 0 = all */
	uint64_t given;      /* conversations */
	int64_t earliest_ns; /* CLI_TRACE_TO_LEARN: time of the first message of a chosen conversation */
	int64_t first_ns;    /* time of the first event that was read */
	uint64_t chosen;     /* messages */
	bool is_stopped;
	struct trace_conversations_stats stats;
	struct wire_damage damage;
};

/* One pass over the source. */
struct cli_trace_pass {
	struct cli_trace_session *session;
	enum cli_trace_purpose purpose;
	struct store_filter *filter; /* what is read; owned */
	struct store_merge *inputs;
	struct trace_conversations *conversations;
	bool by_points;   /* the chosen messages are the session's points */
	int64_t until_ns; /* no chosen message comes later */
	uint64_t events, max_events;
	int64_t now_ns; /* time of the last event */
};

#endif
