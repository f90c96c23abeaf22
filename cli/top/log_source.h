/* log_source.h - `top` of logs that may be written to meanwhile. */
#ifndef CLI_TOP_LOG_SOURCE_H
#define CLI_TOP_LOG_SOURCE_H

#include "cli/options/options.h"
#include "cli/top/source.h"
#include "export/decode/decode.h"
#include "store/filter/filter.h"

struct cli_top_log_options {
	const struct cli_operands *logs;
	struct store_filter *filter; /* which events count; `since` is added to it */
	bool no_join;                /* read the logs of a cluster apart */
	bool has_since;              /* the filter has one already */
	int64_t window_ns;
	int64_t unanswered_ns; /* a request without a reply for so long is listed */
	bool folds_tokens;
	bool utc, color;
	struct export_decoder *decoder; /* NULL = payloads as they are */
};

/* Open the logs where their last window begins. 0 with *source, to be closed by the caller, or a negative code with *fault.
 * Borrows the options' pointers. */
int cli_top_log_open(struct cli_top_source **source, const struct cli_top_log_options *options,
		     struct wire_fault *fault);

#endif
