/* file_reader.h - the frames of a capture file, pcap or pcapng, one after the other. Internal to tap.
 *
 * Memory is bounded: of a packet TAP__PACKET_BYTES_MAX are accepted at most, and blocks that are not needed, of whatever
 * length, are skipped without being kept. */
#ifndef TAP_CAPTURE_FILE_READER_H
#define TAP_CAPTURE_FILE_READER_H

#include "tap/capture/capture.h"
#include "wire/error.h"

enum { TAP__PACKET_BYTES_MAX = 16 << 20 };

struct tap__file_reader;

/* Open path, or standard input for "-". 0 with *reader, to be closed by the caller; or a negative code with *fault. */
int tap__file_reader_open(struct tap__file_reader **reader, const char *path, struct wire_fault *fault);
void tap__file_reader_close(struct tap__file_reader *reader); /* may be NULL */

/* DLT_… of the file's frames; in a pcapng file of those of the first interface, -1 when there is none. */
int tap__file_reader_link_type(const struct tap__file_reader *reader);

/* Are there frames of one link type only? Not known of a pcapng file. */
bool tap__file_reader_is_classic(const struct tap__file_reader *reader);

/* Read the next frame, valid until the next call. Drops that the file tells of before it are reported first. 1; 0 at the
 * end; or a negative code with *fault, after which nothing more can be read: TAP_ECUT when the file ends in the middle
 * of something, TAP_ECAPTURE when something in it makes no sense. */
int tap__file_reader_next(struct tap__file_reader *reader, struct tap_frame *frame, struct wire_fault *fault);

/* Report drops to this taker from now on. */
void tap__file_reader_on_drops(struct tap__file_reader *reader, tap_drops_taker take, void *context);

#endif
