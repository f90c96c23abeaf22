/* import.h - files of other tools as a source of events: JSON lines, comma-separated values, a folder of dumped messages.
 *
 * - JSON: an object a line. `tapedeck export --format jsonl` writes every event, exactly; other tools write messages (object.h
 *   lists the keys). `nats sub --dump=-` puts a NUL after each object.
 * - CSV: a row a message, names in the first row (csv_row.h).
 * - A folder of files N.json and N_reply.json, as `nats sub --dump=FOLDER` writes them: in the order of N.
 *
 * A message without a time has that of the one before it; the first has the time when its file was last written, and on a pipe all
 * have the time at which they were read. Messages of other tools must come in the order of time. */
#ifndef EXPORT_IMPORT_IMPORT_H
#define EXPORT_IMPORT_IMPORT_H

#include "store/filter/filter.h"
#include "wire/progress.h"
#include "wire/source.h"

enum export_import_kind {
	EXPORT_IMPORT_NONE, /* something else */
	EXPORT_IMPORT_JSON,
	EXPORT_IMPORT_CSV,
	EXPORT_IMPORT_FOLDER,
};

/* Tell the kind of file at path by its first bytes: an object, or a row with the name "subject". A pipe and "-" are not read: they are
 * EXPORT_IMPORT_NONE. */
enum export_import_kind export_import_kind_of(const char *path);

struct export_import_options {
	const char *path;                  /* "-": standard input, of which the first bytes say what it is */
	const struct store_filter *filter; /* which events are given out; NULL: all. Gaps pass */
	struct wire_progress *progress;    /* NULL = not wanted */
};

struct export_import;

/* Everything is borrowed. 0 with *import, or a negative code with *fault. */
int export_import_open(struct export_import **import, const struct export_import_options *options,
		       struct wire_fault *fault);

/* The source; closing it closes the import. */
struct wire_source *export_import_source(struct export_import *import);

#endif
