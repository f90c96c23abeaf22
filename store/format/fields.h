/* fields.h - cut records of text into the parts they have in common and the parts that differ. Internal to store.
 *
 * Messages of services are filled-in templates: in a JSON event little more than ids, times and numbers is new. A record is
 * cut into pieces of constant text, and fields: words of letters and digits that differ from record to record.
 *
 *   {"id":"7f3a-04","type":"paid"}      piece {"id":"   field 7f3a   piece -   field 04   piece ","type":"paid"}
 *
 * Pieces are the nodes of a tree. Each is a child of the piece before it, so that records share their common beginning. A
 * record is stored as the node that it ends with and the fields on the path to that node. The fields of a node are a
 * column: they resemble each other and often have the same length. The rest of a record, which matches no piece, is its
 * tail and is stored as it is.
 *
 *   root ─ {"id":" ◦ ─ - ◦ ─┬─ ","type":"paid"}
 *                           └─ ","type":"late"}
 *
 * The bytes come back exactly; zstd compresses the result. Pure: no I/O, and no memory but the buffers that are passed or
 * opened. The format is specified in docs/format.md, "Fields". */
#ifndef STORE_FORMAT_FIELDS_H
#define STORE_FORMAT_FIELDS_H

#include "store/format/bytes.h"

enum {
	STORE__FIELDS_RECORDS_MAX = 65536,
	STORE__FIELDS_NODES_MAX = 16384, /* of a tree, the root not counted */
	STORE__FIELDS_DEPTH_MAX = 255,   /* nodes on the path to one */
	STORE__FIELD_BYTES_MAX = 255,
};

/* The kind of part that follows a node's piece. These are the low bits of a column's description; the bits above are its width. */
enum { STORE__FIELD_KIND_BITS = 2 };
enum store__field_kind {
	STORE__FIELD_NONE,     /* nothing: the record ends, or its tail begins */
	STORE__FIELD_LENGTHS,  /* fields of any length; the lengths are stored apart */
	STORE__FIELD_FIXED,    /* fields of one width; zero bytes precede shorter ones */
	STORE__FIELD_CONSTANT, /* the same field in every record */
};

#endif
