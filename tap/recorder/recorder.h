/* recorder.h - the sink that turns events into a log.
 *
 * Applies what the operator chose to record (subjects, detail, payload limit), appends to a batch and
 * hands it to the log's writer when it is full or 20 ms old. Marks tell when it started and stopped.
 *
 * Overflow is a choice and never silent. `wait` asks the source to pause (see `ready` of wire_sink); what comes until it
 * does is kept in a few batches beyond the bound. `drop` gives up messages and deliveries, of which there are
 * many, and keeps what is rare the same way. What finds no room is counted, and a gap event tells of it. */
#ifndef TAP_RECORDER_RECORDER_H
#define TAP_RECORDER_RECORDER_H

#include "store/write/writer.h"
#include "wire/event.h"

enum tap_overflow { TAP_OVERFLOW_WAIT, TAP_OVERFLOW_DROP };

enum tap_detail {
	TAP_DETAIL_MESSAGES,   /* messages with the number of receivers, connections, errors */
	TAP_DETAIL_DELIVERIES, /* … and who received each message, and who did not and why */
	TAP_DETAIL_PROTOCOL,   /* … and every subscribe and unsubscribe */
};

struct tap_recorder_options {
	enum tap_overflow overflow;
	enum tap_detail detail;
	const char *const *include; /* subject patterns, NULL-terminated; NULL = all. Copied */
	const char *const *exclude; /* likewise; NULL = none */
	int64_t max_payload;        /* bytes of payload kept per message; -1 = all, 0 = none */
	bool
	    has_event_clock; /* what is recorded has long happened: the marks at start and stop have the times of the
				       first and the last event, not those of now */
	struct store_writer_options writer;
};

/* The defaults, as in --help. */
void tap_recorder_options_init(struct tap_recorder_options *options);

struct tap_recorder;

/* Open the log in dir for writing. 0, or a negative code with *fault. */
int tap_recorder_open(struct tap_recorder **recorder, const char *dir,
		      const struct tap_recorder_options *options, struct wire_fault *fault);

/* Hand over what is batched, close the log. No sink call may be under way or follow. */
void tap_recorder_close(struct tap_recorder *recorder);

/* The sink, valid while the recorder is open. */
struct wire_sink *tap_recorder_sink(struct tap_recorder *recorder);

/* The first connection number the log has never used: where a source should begin to count. */
uint64_t tap_recorder_next_conn(const struct tap_recorder *recorder);

#endif
