/* details.h - the attributes of rare events (a client's description, texts, losses): fields of tag, length and bytes, event
 * by event. Internal to store; tags are part of the format: append, never renumber. */
#ifndef STORE_FORMAT_DETAILS_H
#define STORE_FORMAT_DETAILS_H

#include "store/format/bytes.h"
#include "wire/event.h"

/* Texts are bytes; numbers are varints, times zigzag varints. A field that is empty or 0 is not written. */
enum store__detail {
	STORE__DETAIL_TEXT = 1,
	STORE__DETAIL_ADDRESS = 2,
	STORE__DETAIL_NAME = 3,
	STORE__DETAIL_LANG = 4,
	STORE__DETAIL_VERSION = 5,
	STORE__DETAIL_USER = 6,
	STORE__DETAIL_SID = 7,
	STORE__DETAIL_QUEUE = 8,
	STORE__DETAIL_MAX = 9,
	STORE__DETAIL_LOST_MESSAGES = 10,
	STORE__DETAIL_LOST_BYTES = 11,
	STORE__DETAIL_FROM_NS = 12,
	STORE__DETAIL_TO_NS = 13,
	STORE__DETAIL_FROM_SEQ = 14,
	STORE__DETAIL_TO_SEQ = 15,
	STORE__DETAIL_ACCOUNT = 16,     /* text */
	STORE__DETAIL_CERTIFICATE = 17, /* text */
};

/* An upper bound on the bytes that store__details_put writes for the event. */
size_t store__details_bound(const struct wire_event *event);

/* Append the event's details to room that was reserved. */
void store__details_put(struct store__buffer *buffer, const struct wire_event *event);

/* Read the details of one event into *event and *client; slices borrow `bytes`. Unknown tags are skipped. False when the
 * bytes are no details. */
bool store__details_get(const void *bytes, size_t len, struct wire_event *event, struct wire_client *client);

#endif
