/* values.h - parse sizes and durations. */
#ifndef CLI_OPTIONS_VALUES_H
#define CLI_OPTIONS_VALUES_H

#include <stdint.h>

#include "wire/error.h"

/* Number parsers, for CLI_CALL options. The whole text must be a value. 0, or -EINVAL with *fault. Sizes have the units in
 * which they are printed: k and kB are 1000, Ki and KiB 1024, in either case of letters. */
int cli_parse_bytes(const char *text, uint64_t *bytes, struct wire_fault *fault);
int cli_parse_duration_ms(const char *text, int64_t *ms, struct wire_fault *fault);
int cli_parse_duration_ns(const char *text, int64_t *ns, struct wire_fault *fault); /* 500us, too */

#endif
