#include "tap/capture/clock_steps.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

enum { FRAMES_PER_READ = 1024 };

struct look {
	struct store_steps *steps;
	uint64_t frames;
	int error;
};

bool tap__capture_is_rereadable(const struct tap_capture_options *options)
{
	struct stat found;
	return options->file && strcmp(options->file, "-") != 0 && stat(options->file, &found) == 0 &&
	       S_ISREG(found.st_mode);
}

static void see_frame(void *context, const struct tap_frame *frame)
{
	struct look *look = context;
	int error = store_steps_see(look->steps, ++look->frames, frame->time_ns);
	if (error)
		look->error = error;
}

int tap__capture_steps(struct store_steps *steps, const struct tap_capture_options *options,
		       struct wire_fault *fault)
{
	struct look look = {.steps = steps};
	struct tap_capture_options again = *options;
	struct tap_capture *capture;
	again.write_file = NULL;
	int error = tap_capture_open(&capture, &again, fault);
	if (error)
		return error;
	while (tap_capture_read(capture, FRAMES_PER_READ, see_frame, &look, NULL) > 0 && !look.error)
		;
	tap_capture_close(capture, NULL);
	return look.error ? wire_fault_set(fault, look.error, "%s: out of memory", options->file) : 0;
}
