/* shown.h - how much of a message is shown: its headers, and how many bytes of its payload. */
#ifndef EXPORT_EVENT_SHOWN_H
#define EXPORT_EVENT_SHOWN_H

#include "wire/event.h"

struct export_shown {
	bool headers;     /* all of them; else those for which there is room */
	bool has_limit;   /* at most… */
	uint64_t payload; /* …so many bytes of a payload */
};

/* The part of the payload that is shown. Never ends inside a character. */
static inline struct wire_slice export_shown_payload(const struct export_shown *shown,
						     const struct wire_event *event)
{
	struct wire_slice payload = event->payload;

	if (!shown->has_limit || payload.len <= shown->payload)
		return payload;
	payload.len = (size_t)shown->payload;
	for (int i = 0; i < 3 && payload.len > 0 && ((unsigned char)payload.data[payload.len] & 0xc0) == 0x80;
	     i++)
		payload.len--;
	return payload;
}

#endif
