/* mermaid.h - the format mermaid: a sequence diagram of messages, for Mermaid (https://mermaid.js.org).
 *
 *	sequenceDiagram
 *	  participant p1 as checkout
 *	  participant p2 as stock
 *	  p1->>p2: +0 s stock.get [workers], 12 B
 *	  p2-->>p1: +1.2 ms reply, 11 B
 *
 * Mermaid draws texts of at most 50,000 characters; a diagram has 500 arrows at most, since nobody can read more. Messages are drawn until
 * the next one does not fit; the number of the others stands in a last note. */
#ifndef EXPORT_SEQUENCE_MERMAID_H
#define EXPORT_SEQUENCE_MERMAID_H

#include "export/format.h"

struct export_mermaid_options {
	uint64_t messages_max; /* 0 = as many as fit */
	bool utc;
};

/* 0 with *writer, to be closed by the caller; or -ENOMEM with *fault. Borrows out; options are copied. */
int export_mermaid_open(struct export_writer **writer, const struct export_mermaid_options *options,
			struct export_out *out, struct wire_fault *fault);

#endif
