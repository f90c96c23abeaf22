/* file_reader.h - read the frames of a capture file, pcap or pcapng. Internal to tap.
 *
 * Memory is bounded: a packet may have TAP__PACKET_BYTES_MAX bytes, and blocks that are not needed are skipped
 * without being kept, whatever their length. */
#ifndef TAP_CAPTURE_FILE_READER_H
#define TAP_CAPTURE_FILE_READER_H

#include "tap/capture/capture.h"
#include "wire/error.h"
#include "wire/progress.h"

enum { TAP__PACKET_BYTES_MAX = 16 << 20 };

struct tap__file_reader;

/* Open path, or standard input for "-". 0 with *reader, to be closed by the caller; or a negative code with *fault. */
int tap__file_reader_open(struct tap__file_reader **reader, const char *path, struct wire_fault *fault);
void tap__file_reader_close(struct tap__file_reader *reader); /* may be NULL */

/* DLT_… of the file's frames; of a pcapng file, of its first interface, -1 when there is none. */
int tap__file_reader_link_type(const struct tap__file_reader *reader);

/* Are all frames of one link type? False for a pcapng file, of which that is unknown. */
bool tap__file_reader_is_classic(const struct tap__file_reader *reader);

/* Read the next frame, valid until the next call. Drops that the file states before it are reported first. 1; 0
 * at the end; or a negative code with *fault, after which nothing more can be read: TAP_ECUT when the file ends
 * inside a record, TAP_ECAPTURE when a record is invalid. */
int tap__file_reader_next(struct tap__file_reader *reader, struct tap_frame *frame, struct wire_fault *fault);

/* From now on report the bytes of the file that are read. Borrows progress. */
void tap__file_reader_report(struct tap__file_reader *reader, struct wire_progress *progress);

/* From now on report drops to this function. */
void tap__file_reader_on_drops(struct tap__file_reader *reader, tap_drops_taker take, void *context);

#endif
