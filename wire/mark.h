/* mark.h - the texts of marks that programs parse (docs/format.md): the size of a clock step, the start of a recording, and the
 * server and the cluster that were recorded; and the subject by which users make marks. */
#ifndef WIRE_MARK_H
#define WIRE_MARK_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "wire/slice.h"

/* Enough for the other texts, NUL included; a longer server id is cut. */
enum { WIRE_MARK_TEXT = 128 };

/* "clock step -3600.000000000 s": the clock of the recording was set by so much just before. Returns text. */
const char *wire_mark_step(char text[WIRE_MARK_TEXT], int64_t by_ns);

/* True for the text of a clock step. *by_ns is its size, 0 when the text does not state it. */
bool wire_mark_is_step(struct wire_slice text, int64_t *by_ns);

/* A message on this subject is a remark about the moment: whatever records it adds a mark with the payload as text. */
#define WIRE_MARK_SUBJECT "$TAPEDECK.MARK"

/* The message on this subject is a remark. Hot: once for every message that is recorded. */
static inline bool wire_mark_is_remark(struct wire_slice subject)
{
	const struct wire_slice remark = WIRE_LITERAL(WIRE_MARK_SUBJECT);
	return subject.len == remark.len && memcmp(subject.data, remark.data, remark.len) == 0;
}

/* "remark TEXT", which no other text of a mark begins with. Cut to WIRE_MARK_REMARK bytes, NUL included. Returns text. */
enum { WIRE_MARK_REMARK = 1024 };
const char *wire_mark_remark(char text[WIRE_MARK_REMARK], struct wire_slice remark);
/* True for the text of the mark that a recorder logs when it starts; when it stops. */
bool wire_mark_is_start(struct wire_slice text);
bool wire_mark_is_stop(struct wire_slice text);

/* "server ID": the server of that id was recorded. Returns text. */
const char *wire_mark_server(char text[WIRE_MARK_TEXT], const char *id);

/* "cluster NAME": the server of the mark before it belongs to that cluster. Returns text. */
const char *wire_mark_cluster(char text[WIRE_MARK_TEXT], const char *name);

/* True for the text of such a mark. *name borrows it. */
bool wire_mark_is_cluster(struct wire_slice text, struct wire_slice *name);

#endif
