/* message.h - a message of a sequence, as every picture draws it. Struct definitions only. */
#ifndef EXPORT_SEQUENCE_MESSAGE_H
#define EXPORT_SEQUENCE_MESSAGE_H

#include "export/sequence/parties.h"
#include "wire/event.h"

enum { EXPORT_SEQUENCE_RECEIVERS = 32 };

#define EXPORT_NO_MESSAGE UINT64_MAX

struct export_sequence_receiver {
	uint32_t party;
	uint64_t conn;           /* its number in its input */
	struct wire_slice queue; /* empty: no queue group */
	enum wire_outcome outcome;
	int64_t delay_ns; /* after the message, or WIRE_DELAY_UNKNOWN */
};

/* Messages are numbered from 0 in the order in which they are given out. */
struct export_sequence_message {
	const struct wire_event *event; /* a message, or a delivery that was seen apart from its message */
	uint32_t origin;                /* its input */
	int64_t since_ns;               /* steady time after the first event of the sequence */
	uint32_t publisher;             /* a party */
	struct export_sequence_receiver receivers[EXPORT_SEQUENCE_RECEIVERS];
	uint32_t receivers_len;
	uint64_t more_receivers; /* that are not listed */
	bool may_have_more;      /* receivers that the log does not know */
	bool is_unheard;         /* it is known that nobody was to get it */
	bool is_reply;
	uint64_t request; /* the message that it replies to, or EXPORT_NO_MESSAGE */
	uint64_t cause;   /* likewise: the message that caused it… */
	const char *evidence;
	double score;
	bool is_unanswered;     /* a request without a reply within the window of its conversation */
	bool has_no_responders; /* a request that nobody was subscribed to */
};

/* A place where messages are missing. */
struct export_sequence_gap {
	int64_t since_ns;
	uint64_t messages; /* 0 = unknown */
	struct wire_slice text;
};

/* The head of a conversation. Its messages follow. */
struct export_sequence_heading {
	const struct wire_event *root;
	const char *number; /* of the root; with several inputs "2:4711" */
	uint32_t origin;    /* of the root */
	uint32_t count;     /* messages, those that are left out too */
	int64_t since_ns;
	int64_t window_ns;
	bool is_cut_short; /* memory was short: there may be more messages */
};

#endif
