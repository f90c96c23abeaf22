/* fields.h - records of text cut into what they have in common and what differs. Internal to store.
 *
 * Messages of services are templates filled in: of a JSON event little but ids, times and numbers is new. A record
 * is cut into pieces of constant text and fields, the runs of letters and digits that differ:
 *
 *   {"id":"7f3a-04","type":"paid"}      piece {"id":"   field 7f3a   piece -   field 04   piece ","type":"paid"}
 *
 * Pieces are the nodes of a tree, each below the one that comes before it, so that records share the beginning they
 * have in common; a record is the node that it ends with, and the fields on the way there. The fields below a node
 * are a column: alike, and often as long as each other. What of a record has no like is its tail and kept as it is.
 *
 *   root ─ {"id":" ◦ ─ - ◦ ─┬─ ","type":"paid"}
 *                           └─ ","type":"late"}
 *
 * Bytes become other bytes and come back exactly; compressing them is left to zstd. Pure: no I/O, and no memory but
 * the buffers that are passed or opened. The format is that of docs/format.md, "Fields". */
#ifndef STORE_FORMAT_FIELDS_H
#define STORE_FORMAT_FIELDS_H

#include "store/format/bytes.h"

enum {
	STORE__FIELDS_RECORDS_MAX = 65536,
	STORE__FIELDS_NODES_MAX = 16384, /* of a tree, the root not counted */
	STORE__FIELDS_DEPTH_MAX = 255,   /* nodes on the way to one */
	STORE__FIELD_BYTES_MAX = 255,
};

/* What follows a node's piece: the low bits of how the column is described; its width is above them. */
enum { STORE__FIELD_KIND_BITS = 2 };
enum store__field_kind {
	STORE__FIELD_NONE,     /* nothing: the record ends, or its tail begins */
	STORE__FIELD_LENGTHS,  /* fields of any length, which stand apart */
	STORE__FIELD_FIXED,    /* fields of one width, zero bytes ahead of the shorter ones */
	STORE__FIELD_CONSTANT, /* the same field in every record */
};

#endif
