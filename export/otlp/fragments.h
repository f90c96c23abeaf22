/* fragments.h - the parts of a span's JSON that its subject and its client decide, kept for the next span. Internal to
 * export/otlp. */
#ifndef EXPORT_OTLP_FRAGMENTS_H
#define EXPORT_OTLP_FRAGMENTS_H

#include "export/otlp/quoting.h"
#include "export/text/buffer.h"
#include "trace/clients.h"
#include "trace/fold.h"

enum { EXPORT__FRAGMENT_SUBJECTS = 1 << 13, EXPORT__FRAGMENT_CLIENTS = 1 << 10 };

/* Whatever was put last into a slot; NULL data = nothing. */
struct export__fragment {
	uint64_t key; /* a hash of the subject; the number of the client, and whether it is described */
	struct export_buffer text; /* of a subject: itself, then the two parts */
	size_t name_at, attributes_at;
};

struct export__fragments {
	struct export__fragment *subjects, *clients; /* owned */
	struct export__quoting quoting;
	struct trace_fold fold;
};

/* 0 or -ENOMEM; in either case call export__fragments_fini. */
int export__fragments_init(struct export__fragments *fragments);
void export__fragments_fini(struct export__fragments *fragments);

struct export__subject_parts {
	struct wire_slice name;       /* for the span's name: the folded subject */
	struct wire_slice attributes; /* JSON objects, each with a comma after it */
};

/* Valid until the next call. Hot: once for every span. */
struct export__subject_parts export__fragment_subject(struct export__fragments *fragments,
						      struct wire_slice subject);

/* The attributes of a client: JSON objects, each with a comma after it; empty when nothing is known. Likewise. */
struct wire_slice export__fragment_client(struct export__fragments *fragments,
					  const struct trace_clients *clients, uint32_t client);

/* {"key":"KEY","value":{"stringValue":"…"}}, of bytes that may be anything. */
void export__fragment_string(struct export__fragments *fragments, struct export_buffer *text, const char *key,
			     struct wire_slice value);

#endif
