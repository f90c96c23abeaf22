/* notes.h - the comments of packets: which event of the log a packet is of, and what the protocol cannot say about it. Internal
 * to export/pcapng.
 *
 * A comment is lines of text. Its last line is about the event of its packet; the lines before are events that have no packet of
 * their own (marks, gaps), since the last packet:
 *
 *	seq 4710, 2026-11-23T07:57:19Z: gap: 12 messages lost, the disk was full
 *	seq 4711; masked, its true size is 20 bytes
 *
 * Bytes from outside are made visible. Lines that find no room are counted. */
#ifndef EXPORT_PCAPNG_NOTES_H
#define EXPORT_PCAPNG_NOTES_H

#include "export/text/clock.h"
#include "export/text/out.h"
#include "wire/source.h"

struct export__notes {
	struct export_out text; /* memory only: never more than EXPORT__COMMENT_MAX bytes */
	size_t pending;         /* bytes of `text` about events without a packet */
	uint64_t dropped;       /* events without a packet that found no room */
	struct export_clock clock;
};

/* 0 or -ENOMEM. */
int export__notes_init(struct export__notes *notes);
void export__notes_fini(struct export__notes *notes);

/* Begin the line of an event that has a packet. source: that it came from. */
void export__notes_begin(struct export__notes *notes, const struct wire_event *event,
			 struct wire_source *source);

/* Add "; TEXT" to it. */
void export__notes_add(struct export__notes *notes, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Add bytes from outside, without a semicolon. */
void export__notes_add_bytes(struct export__notes *notes, struct wire_slice bytes);

/* The whole comment. Valid until the next call for these notes, which begins a new comment. */
struct wire_slice export__notes_take(struct export__notes *notes);

/* Keep a line of an event that has no packet, for the next comment: what, and more text from outside, which may be empty. */
void export__notes_keep(struct export__notes *notes, const struct wire_event *event,
			struct wire_source *source, const char *what, struct wire_slice text);

#endif
