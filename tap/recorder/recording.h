/* recording.h - a log that is being recorded into: opened once, for any number of recorders (recorder.h).
 *
 * Owns the log's writer and what the operator chose to record. Marks in the log state when recording started, which is when
 * the first recorder was opened, and when it stopped, which is when the last one was closed. */
#ifndef TAP_RECORDER_RECORDING_H
#define TAP_RECORDER_RECORDING_H

#include "store/write/writer.h"

enum tap_overflow { TAP_OVERFLOW_WAIT, TAP_OVERFLOW_DROP };

enum tap_detail {
	TAP_DETAIL_MESSAGES,   /* messages with the number of receivers, connections, errors */
	TAP_DETAIL_DELIVERIES, /* … and who received each message, and who did not and why */
	TAP_DETAIL_PROTOCOL,   /* … and every subscribe and unsubscribe */
};

struct tap_recording_options {
	enum tap_overflow overflow;
	enum tap_detail detail;
	const char *const *include; /* subject patterns, NULL-terminated; NULL = all. Copied */
	const char *const *exclude; /* likewise; NULL = none */
	int64_t max_payload;        /* bytes of payload kept per message; -1 = all, 0 = none */
	/* The events happened in the past, and one recorder takes them: the marks have the times of the first and the last
	 * event, not those of now. */
	bool has_event_clock;
	const char
	    *on_segment_closed; /* a command for each closed segment (shipper.h); NULL = none. Copied */
	struct store_writer_options writer;
};

/* The defaults, as in --help. */
void tap_recording_options_init(struct tap_recording_options *options);

struct tap_recording;

/* Open the log in dir for writing. 0, or a negative code with *fault. */
int tap_recording_open(struct tap_recording **recording, const char *dir,
		       const struct tap_recording_options *options, struct wire_fault *fault);

/* Write what was handed over, close the log. All recorders must have been closed. NULL is allowed. */
void tap_recording_close(struct tap_recording *recording);

/* Wait until what was handed over is written and synced, or is lost. */
void tap_recording_flush(struct tap_recording *recording);

/* What sinks of its recorders say. From any thread. */
void tap_recording_status(const struct tap_recording *recording, struct wire_sink_status *status);

/* The first connection number the log has never used: where a source should begin to count. Sources that record at the same
 * time must give their connections different numbers. */
uint64_t tap_recording_next_conn(const struct tap_recording *recording);

#endif
