#include "tap/recorder/recording.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tap/recorder/recording_layout.h"

enum { SHIP_LAST_MS = 30 * 1000 }; /* at the end, for the segments that were not shipped yet */

void tap_recording_options_init(struct tap_recording_options *options)
{
	*options = (struct tap_recording_options){
	    .overflow = TAP_OVERFLOW_WAIT, .detail = TAP_DETAIL_DELIVERIES, .max_payload = -1};
	store_writer_options_init(&options->writer);
}

static void free_recording(struct tap_recording *recording)
{
	if (recording->shipper)
		tap_shipper_leave_writer(recording->shipper);
	store_writer_close(recording->writer);
	tap_shipper_close(recording->shipper, SHIP_LAST_MS);
	tap__selection_fini(&recording->selection);
	pthread_mutex_destroy(&recording->attaching);
	pthread_mutex_destroy(&recording->marking);
	free(recording);
}

static int open_shipper(struct tap_recording *recording, const char *dir,
			const struct tap_recording_options *options, struct wire_fault *fault)
{
	const struct tap_shipper_options shipping = {.dir = dir,
						     .command = options->on_segment_closed,
						     .writer = recording->writer,
						     .report = options->writer.report,
						     .context = options->writer.context};
	if (!options->on_segment_closed)
		return 0;
	int error = tap_shipper_open(&recording->shipper, &shipping);
	return error ? wire_fault_set(fault, error, "%s: cannot start shipping: %s", dir,
				      wire_error_text(error))
		     : 0;
}

int tap_recording_open(struct tap_recording **recording, const char *dir,
		       const struct tap_recording_options *options, struct wire_fault *fault)
{
	struct tap_recording *opened = calloc(1, sizeof *opened);
	if (!opened)
		return wire_fault_set(fault, -ENOMEM, "%s: out of memory", dir);
	pthread_mutex_init(&opened->attaching, NULL);
	pthread_mutex_init(&opened->marking, NULL);
	opened->overflow = options->overflow;
	opened->has_event_clock = options->has_event_clock;
	int error = tap__selection_init(&opened->selection, options);
	error = error ? wire_fault_set(fault, error, "%s: out of memory", dir)
		      : store_writer_open(&opened->writer, dir, &options->writer, fault);
	error = error ? error : open_shipper(opened, dir, options, fault);
	if (error) {
		free_recording(opened);
		return error;
	}
	*recording = opened;
	return 0;
}

void tap_recording_close(struct tap_recording *recording)
{
	if (!recording)
		return;
	assert(recording->recorders == 0);
	free_recording(recording);
}

void tap_recording_flush(struct tap_recording *recording)
{
	store_writer_flush(recording->writer);
}

static void add_shipping(struct tap_shipper *shipper, struct wire_sink_status *status)
{
	struct tap_shipper_status shipping;
	tap_shipper_status(shipper, &shipping);
	status->ships = true;
	status->shipped_segments = shipping.shipped;
	status->ship_failures = shipping.failures;
	status->unshipped_segments = shipping.waiting;
	status->unshipped_deleted_events = shipping.deleted_events;
}

void tap_recording_status(const struct tap_recording *recording, struct wire_sink_status *status)
{
	struct store_writer_status writer;
	store_writer_status(recording->writer, &writer);
	*status = (struct wire_sink_status){.degraded = writer.degraded,
					    .events = writer.events,
					    .messages = writer.messages,
					    .lost_messages = writer.lost_messages + recording->lost_messages,
					    .stored_bytes = writer.written_bytes,
					    .queued_bytes = writer.queued_bytes};
	memcpy(status->reason, writer.reason, sizeof status->reason);
	if (recording->shipper)
		add_shipping(recording->shipper, status);
}

uint64_t tap_recording_next_conn(const struct tap_recording *recording)
{
	return store_writer_next_conn(recording->writer);
}
