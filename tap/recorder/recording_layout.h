/* recording_layout.h - what a recording is inside. Internal to tap. */
#ifndef TAP_RECORDER_RECORDING_LAYOUT_H
#define TAP_RECORDER_RECORDING_LAYOUT_H

#include <pthread.h>

#include "tap/recorder/selection.h"
#include "tap/recorder/shipper.h"

struct tap_recording {
	struct store_writer *writer;
	struct tap_shipper *shipper; /* NULL: segments are not shipped */
	struct tap__selection selection;
	enum tap_overflow overflow;
	bool has_event_clock;
	_Atomic uint64_t lost_messages; /* by recorders that had no room, ever */

	pthread_mutex_t attaching; /* held while a recorder is opened or closed */
	uint32_t recorders;        /* open ones; guarded by it */

	pthread_mutex_t marking; /* taken once a batch; guards is_started */
	bool is_started;         /* the mark at the start was made */
};

#endif
