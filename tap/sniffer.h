/* sniffer.h - a capture as a source of events: capture → packets → reassembly → sessions → join.
 *
 * Events have the times of their packets. Where the clock of the capture was set back, a mark says so and by how much, and
 * the events after it have the new times.
 * A live source goes on: its next returns 0 when nothing is new. What the kernel or the interface dropped is told in gap
 * events. Memory of all stages together is bounded by one number. */
#ifndef TAP_SNIFFER_H
#define TAP_SNIFFER_H

#include "store/read/filter.h"
#include "tap/capture/capture.h"
#include "tap/pump.h"
#include "tap/session/sessions.h"
#include "tap/stream/decoder.h"
#include "wire/source.h"

struct tap_sniffer_options {
	struct tap_capture_options
	    capture; /* its ports are also where NATS is expected; the list is borrowed */
	const struct store_filter *filter; /* borrowed for the sniffer's life; NULL = everything */
	uint64_t first_conn;               /* connections are numbered from here; not 0 */
	uint64_t memory_bytes;             /* of all stages, but for the kernel's buffer */
	int64_t window_ns;                 /* in which deliveries join their message */
	bool names_servers; /* a mark for each server, when its INFO is seen: for what is recorded */
	bool
	    looks_ahead; /* find all clock steps of a file before it is decoded: for what is played or merged */
};

/* The defaults, as in --help; no capture is chosen. */
void tap_sniffer_options_init(struct tap_sniffer_options *options);

struct tap_sniffer;

/* Open the capture; no packet is looked at before the first call of next. 0, or a negative code with *fault, as
 * tap_capture_open. */
int tap_sniffer_open(struct tap_sniffer **sniffer, const struct tap_sniffer_options *options,
		     struct wire_fault *fault);

/* Close. 0, or a negative code with *fault when the file that the capture was written to is not complete. */
int tap_sniffer_close(struct tap_sniffer *sniffer, struct wire_fault *fault);

/* Number connections from here on; before the first call of next. */
void tap_sniffer_set_first_conn(struct tap_sniffer *sniffer, uint64_t first_conn);

/* The sniffer as a source, valid as long as the sniffer; closing either closes both. A capture file that is cut off
 * gives all that lies before the cut, then TAP_ECUT. Events are numbered from 1 (seq), whether the filter lets them pass
 * or not. */
struct wire_source *tap_sniffer_source(struct tap_sniffer *sniffer);

/* As next of wire_source. */
int tap_sniffer_next(struct tap_sniffer *sniffer, struct wire_event *event, struct wire_fault *fault);

/* Come to an end: next gives what is under way, and then 0. Of an interface that is what it has captured until now. */
void tap_sniffer_stop(struct tap_sniffer *sniffer);

/* Were all events given out? */
bool tap_sniffer_is_over(const struct tap_sniffer *sniffer);

/* The sniffer as a source of tap/pump.h, valid as long as the sniffer. */
struct tap_pump_source tap_sniffer_pump_source(struct tap_sniffer *sniffer);

struct tap_sniffer_stats {
	struct tap_capture_counts capture;
	struct tap_decoder_stats packets;
	const struct tap_sessions_stats *sessions; /* valid until close */
	const struct tap_join_stats *join;         /* likewise */
	uint64_t used_bytes;                       /* of the memory allowed */
};

void tap_sniffer_stats(struct tap_sniffer *sniffer, struct tap_sniffer_stats *stats);

#endif
