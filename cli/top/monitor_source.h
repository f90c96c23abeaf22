/* monitor_source.h - `top` of a running server, from its monitoring port. */
#ifndef CLI_TOP_MONITOR_SOURCE_H
#define CLI_TOP_MONITOR_SOURCE_H

#include "cli/top/source.h"

struct cli_top_monitor_options {
	const char *url; /* http://host:8222; without "http://" and without host it is completed */
	int64_t window_ns;
};

/* Ask the server once, and open. 0 with *source, to be closed by the caller; or a negative code with *fault: -EINVAL when the URL
 * is none of a monitoring port, other codes when there is no answer. Later, a server that does not answer is asked again at
 * each poll. */
int cli_top_monitor_open(struct cli_top_source **source, const struct cli_top_monitor_options *options,
			 struct wire_fault *fault);

#endif
