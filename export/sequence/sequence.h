/* sequence.h - the messages of a picture: who sent what to whom, in order of time, with requests and their replies joined.
 *
 * Fed with single events, or with whole conversations as trace finds them; what is drawn is given to a sink. Of single events the
 * chosen messages are drawn, the replies to them, and gaps. Bounded: messages beyond messages_max are counted. */
#ifndef EXPORT_SEQUENCE_SEQUENCE_H
#define EXPORT_SEQUENCE_SEQUENCE_H

#include "export/format.h"
#include "export/sequence/conversation.h"
#include "export/sequence/message.h"
#include "trace/requests.h"

/* Draws. Everything that it is given is valid until the call returns. */
struct export_sequence_sink {
	void (*conversation)(struct export_sequence_sink *sink,
			     const struct export_sequence_heading *heading);
	void (*message)(struct export_sequence_sink *sink, const struct export_sequence_message *message);
	void (*gap)(struct export_sequence_sink *sink, const struct export_sequence_gap *gap);
};

struct export_sequence {
	struct export_sequence_sink *sink; /* borrowed */
	struct export_parties parties;
	uint64_t messages_max;
	uint64_t messages;                         /* that were given to the sink */
	uint64_t gaps;                             /* likewise */
	uint64_t left_out;                         /* messages beyond messages_max */
	uint64_t left_out_gaps;                    /* there are more than anybody looks at */
	uint64_t others;                           /* chosen events that are neither messages nor gaps */
	bool has_base;                             /* base_ns is known */
	int64_t base_ns;                           /* steady time of the first event */
	struct trace_clients clients;              /* of single events… */
	struct trace_requests requests;            /* …and those that were drawn and wait for replies */
	struct export_sequence_message message;    /* in the making */
	const struct export_conversation *current; /* while it is drawn */
};

/* 0 or -ENOMEM. In either case call export_sequence_fini. Borrows the sink. */
int export_sequence_init(struct export_sequence *sequence, struct export_sequence_sink *sink,
			 uint64_t messages_max);
void export_sequence_fini(struct export_sequence *sequence);

/* 0, or -ENOMEM with *fault. */
int export_sequence_event(struct export_sequence *sequence, const struct wire_event *event,
			  const struct export_input *input, struct wire_fault *fault);
void export_sequence_conversation(struct export_sequence *sequence,
				  const struct export_conversation *conversation);

#endif
