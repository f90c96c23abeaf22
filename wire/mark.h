/* mark.h - the texts of marks that programs parse (docs/format.md): the size of a clock step, the start of a
 * recording, and the server that was recorded. */
#ifndef WIRE_MARK_H
#define WIRE_MARK_H

#include <stdbool.h>
#include <stdint.h>

#include "wire/slice.h"

/* Enough for any text below, NUL included; a longer server id is cut. */
enum { WIRE_MARK_TEXT = 128 };

/* "clock step -3600.000000000 s": the clock of the recording was set by so much just before. Returns text. */
const char *wire_mark_step(char text[WIRE_MARK_TEXT], int64_t by_ns);

/* True for the text of a clock step. *by_ns is its size, 0 when the text does not state it. */
bool wire_mark_is_step(struct wire_slice text, int64_t *by_ns);

/* True for the text of the mark that a recorder logs when it starts. */
bool wire_mark_is_start(struct wire_slice text);

/* "server ID": the server of that id was recorded. Returns text. */
const char *wire_mark_server(char text[WIRE_MARK_TEXT], const char *id);

#endif
