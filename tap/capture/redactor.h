/* redactor.h - overwrite the credentials of CONNECT in frames that are written to a file.
 *
 * Frames keep their length, and right TCP checksums are corrected. For each direction of a connection the
 * redactor remembers how far its bytes were seen, whether they ended inside a CONNECT (which may be split over
 * segments), and which bytes the last CONNECT had (which may be retransmitted). If a part of a CONNECT was not
 * seen in order the whole rest of its line is overwritten.
 *
 * Bytes of an unknown connection are judged alone: a CONNECT at the start of a line, or a first line that looks
 * like part of one. Bytes of TLS, WebSocket and compressed connections stay as they are. */
#ifndef TAP_CAPTURE_REDACTOR_H
#define TAP_CAPTURE_REDACTOR_H

#include "tap/packet/packet.h"

struct tap_redactor;

/* Enough for a capture: the most recently used connections are remembered. */
enum { TAP_REDACTOR_CONNECTIONS = 8192 };

/* Remembers up to connections_max connections. NULL when out of memory. */
struct tap_redactor *tap_redactor_open(uint32_t connections_max);
void tap_redactor_close(struct tap_redactor *redactor);

/* The bytes to write for the next frame of the capture, as many as it has. Valid until the next call, and as
 * long as the frame. NULL when out of memory: the frame must not be written. */
const unsigned char *tap_redactor_frame(struct tap_redactor *redactor, const struct tap_frame *frame);

#endif
