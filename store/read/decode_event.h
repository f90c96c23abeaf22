/* decode_event.h - put one event together from the columns and payloads of a decoded block. */
#ifndef STORE_READ_DECODE_EVENT_H
#define STORE_READ_DECODE_EVENT_H

#include "store/read/decode.h"

/* Needs the columns. Everything about one event; headers and payload too when that frame is loaded, else they
 * have their lengths and data == NULL. What it points to lives until the next call of store_block_event for
 * receivers and client, until the next store_block_begin for the rest. */
void store_block_event(struct store_block *block, uint32_t index, struct wire_event *event);

/* Needs the columns. Fill in kind, flags, seq, time, conn, subject and size, and the lengths of headers and payload. The rest of
 * the event is left as it is. */
void store_block_numbers(const struct store_block *block, uint32_t index, struct wire_event *event);

/* After the payload frame was loaded later than the event was put together: fill in its headers and payload. */
void store_block_content(struct store_block *block, struct wire_event *event);

#endif
