/* sniffer.h - a capture as a source of events: capture → packets → reassembly → sessions → join.
 *
 * Events have the times of their packets. When the clock of the capture was set, a mark says by how much, and
 * later events have the new times. A live source does not end by itself: next returns 0 when nothing is new.
 * Gap events report what the kernel or the interface dropped. One budget bounds the memory of all stages. */
#ifndef TAP_SNIFFER_H
#define TAP_SNIFFER_H

#include "store/filter/filter.h"
#include "tap/capture/capture.h"
#include "tap/pump.h"
#include "tap/session/sessions.h"
#include "tap/stream/decoder.h"
#include "wire/source.h"

struct tap_sniffer_options {
	struct tap_capture_options capture; /* NATS is expected on its ports; the list is borrowed */
	const struct store_filter *filter;  /* borrowed until close; NULL = every event */
	uint64_t first_conn;                /* the number of the first connection; not 0 */
	uint64_t memory_bytes;              /* of all stages, without the kernel's buffer */
	int64_t window_ns;                  /* how long a message waits for its deliveries */
	bool names_servers; /* emit a mark for each server when its id is first seen; for recordings */
	bool looks_ahead;   /* find all clock steps of a file before decoding it; for replay and merging */
};

/* Set the defaults, as in --help, without a capture. */
void tap_sniffer_options_init(struct tap_sniffer_options *options);

struct tap_sniffer;

/* Open the capture. No packet is read before the first call of next. 0, or a negative code with *fault, as
 * tap_capture_open. */
int tap_sniffer_open(struct tap_sniffer **sniffer, const struct tap_sniffer_options *options,
		     struct wire_fault *fault);

/* Close. 0, or a negative code with *fault when the file that the packets were written to is not complete. */
int tap_sniffer_close(struct tap_sniffer *sniffer, struct wire_fault *fault);

/* Set the number of the first connection. Call before next. */
void tap_sniffer_set_first_conn(struct tap_sniffer *sniffer, uint64_t first_conn);

/* The sniffer as a source, valid until close; closing either closes both. A file that is cut off yields all
 * that precedes the cut, then TAP_ECUT. Events are numbered from 1 (seq), those that the filter drops included. */
struct wire_source *tap_sniffer_source(struct tap_sniffer *sniffer);

/* As next of wire_source. */
int tap_sniffer_next(struct tap_sniffer *sniffer, struct wire_event *event, struct wire_fault *fault);

/* Come to an end: next gives the events that are under way, of an interface those captured until now, then 0. */
void tap_sniffer_stop(struct tap_sniffer *sniffer);

/* Were all events given out? */
bool tap_sniffer_is_over(const struct tap_sniffer *sniffer);

/* The sniffer as a source for tap/pump.h, valid until close. */
struct tap_pump_source tap_sniffer_pump_source(struct tap_sniffer *sniffer);

struct tap_sniffer_stats {
	struct tap_capture_counts capture;
	struct tap_decoder_stats packets;
	const struct tap_sessions_stats *sessions; /* valid until close */
	const struct tap_join_stats *join;         /* likewise */
	uint64_t used_bytes;                       /* of the memory budget */
};

void tap_sniffer_stats(struct tap_sniffer *sniffer, struct tap_sniffer_stats *stats);

#endif
