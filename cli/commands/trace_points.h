/* trace_points.h - where in the logs the messages lie that --seq and --id choose. */
#ifndef CLI_COMMANDS_TRACE_POINTS_H
#define CLI_COMMANDS_TRACE_POINTS_H

#include <stdbool.h>

#include "cli/options/options.h"
#include "wire/progress.h"
#include "wire/source.h"

/* A chosen message. */
struct cli_trace_point {
	int64_t time_ns;
	uint64_t seq;
	uint32_t input; /* index of the operand */
};

/* A sequence number that was asked for. */
struct cli_trace_seq {
	uint32_t input; /* index of the operand; CLI_TRACE_ANY_INPUT */
	uint64_t seq;
};
#define CLI_TRACE_ANY_INPUT UINT32_MAX

struct cli_trace_points {
	struct cli_trace_point *list; /* by rising time; owned */
	size_t count, cap;
	uint64_t *hashes;                /* of input and number, sorted; owned; after cli_trace_points_sort */
	double events_per_second;        /* around the first point, over all inputs; 0 = unknown */
	bool is_full;                    /* more messages hold a value than were looked for */
	bool has_other;                  /* one of the numbers is that of an event that is no message… */
	struct cli_trace_point other;    /* …the last of them… */
	enum wire_event_kind other_kind; /* …and its kind */
	struct wire_damage damage;       /* what could not be searched */
};

enum { CLI_TRACE_POINTS_MAX = 1 << 16 };

/* Zeroed = none. */
void cli_trace_points_fini(struct cli_trace_points *points);

/* Locate a message by sequence number, in one of the logs or in each. 0, or a negative code with *fault. */
int cli_trace_points_seq(struct cli_trace_points *points, const struct cli_operands *logs,
			 const struct cli_trace_seq *seq, struct wire_fault *fault);

/* Find the messages of the logs that hold one of the values. progress may be NULL. 0, or a negative code with *fault. */
int cli_trace_points_ids(struct cli_trace_points *points, const struct cli_operands *logs,
			 const struct cli_list *values, struct wire_progress *progress,
			 struct wire_fault *fault);

/* Put them in order of time. 0 or -ENOMEM. Call before the next function. */
int cli_trace_points_sort(struct cli_trace_points *points);

/* One of the points is event number seq of that input. */
bool cli_trace_points_hold(const struct cli_trace_points *points, uint32_t input, uint64_t seq);

#endif
