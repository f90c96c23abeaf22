/* made_event.h - an event that is put together from text.
 *
 * Slices point into the record that it is made from, or, where that writes something in another way (escapes, base64), into memory of
 * this struct. Used again for record after record. */
#ifndef EXPORT_IMPORT_MADE_EVENT_H
#define EXPORT_IMPORT_MADE_EVENT_H

#include "wire/error.h"
#include "wire/event.h"

struct export__made_event {
	struct wire_event event;
	struct wire_client client;     /* what the event says of its connection; lent to connect events */
	struct wire_slice client_name; /* the publisher's name, or its address; empty: not said */
	bool has_time, has_kind, has_receivers, has_size;
	bool
	    is_foreign; /* another tool wrote it: connection numbers mean nothing, and times must be sorted */
	uint64_t log;   /* which of several logs the event is from, from 1; 0: not said */
	uint64_t input; /* likewise of its connection */

	struct wire_receiver *receivers; /* owned */
	struct wire_slice *names;        /* owned: of the receivers, as client_name */
	int64_t *delays_ns;              /* owned */
	uint32_t receivers_cap;
	char *bytes; /* owned: what was decoded */
	size_t len, cap;
	char *headers; /* owned: a header block */
	size_t headers_len, headers_cap;
};

/* Begin a new event. Decoding takes at most `bytes`. 0 or -ENOMEM. */
int export__made_begin(struct export__made_event *made, size_t bytes);
void export__made_fini(struct export__made_event *made);

/* A key or string of JSON, as written, decoded. */
struct wire_slice export__made_text(struct export__made_event *made, struct wire_slice written);

/* Decode base64 (RFC 4648), the padding may be missing. False when it is not valid. */
bool export__made_base64(struct export__made_event *made, struct wire_slice written,
			 struct wire_slice *decoded);

/* Build a header block: its first line, of which both parts may be empty, then each further line. 0, -ENOMEM, -E2BIG when the block
 * exceeds 64 MiB, or WIRE_EHEADER for a line that would not be read as it was meant. */
int export__made_header_begin(struct export__made_event *made, struct wire_slice status,
			      struct wire_slice description);
int export__made_header(struct export__made_event *made, struct wire_slice key, struct wire_slice value);

/* Room for a receiver more, zeroed, its delay unknown. NULL when out of memory. */
struct wire_receiver *export__made_receiver(struct export__made_event *made);

/* Everything is known: complete the event, and check that it could have come from the wire. 0; or a negative code with *fault, which
 * says what is wrong and not where. */
int export__made_finish(struct export__made_event *made, struct wire_fault *fault);

#endif
