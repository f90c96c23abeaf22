/* jsonl.h - the format jsonl: one JSON object a line, with the keys of docs/reading.md and nothing left out.
 *
 * It is `cat --json --detail` plus the exact header block wherever the keys cannot give it back byte by byte. export/import/jsonl.h
 * reads it. */
#ifndef EXPORT_EVENT_JSONL_H
#define EXPORT_EVENT_JSONL_H

#include "export/format.h"

/* 0 with *writer, to be closed by the caller; or -ENOMEM with *fault. Borrows out. */
int export_jsonl_open(struct export_writer **writer, struct export_out *out, struct wire_fault *fault);

#endif
