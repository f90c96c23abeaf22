/* redactor.h - frames as they may be written to a file: credentials in CONNECT are overwritten.
 *
 * Every frame keeps its length; TCP's checksum is corrected where it was right. For each direction of a connection the
 * redactor knows how far its bytes were seen and whether they ended inside a CONNECT, so that one which is split over
 * segments is hidden as well, and which bytes the last CONNECT had, so that it is hidden again when they are sent
 * again. Where a part of a CONNECT was not seen in order its line is overwritten whole.
 *
 * What no connection is known of any more, or not yet, is judged by itself: a CONNECT at the beginning of a line, and a
 * first line that looks like a part of one. Bytes in TLS, WebSocket frames and compressed reassembly stay as they are. */
#ifndef TAP_CAPTURE_REDACTOR_H
#define TAP_CAPTURE_REDACTOR_H

#include "tap/packet/packet.h"

struct tap_redactor;

/* Connections that are enough for a capture: the ones used last are remembered. */
enum { TAP_REDACTOR_CONNECTIONS = 8192 };

/* Remembers so many connections. NULL when out of memory. */
struct tap_redactor *tap_redactor_open(uint32_t connections_max);
void tap_redactor_close(struct tap_redactor *redactor);

/* The bytes to write of a frame, in the order of the capture: as many as the frame has. Valid until the next call, or as long as the frame. NULL: out of memory, so that the frame must not be
 * written. */
const unsigned char *tap_redactor_frame(struct tap_redactor *redactor, const struct tap_frame *frame);

#endif
