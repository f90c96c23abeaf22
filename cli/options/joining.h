/* joining.h - reading the logs of a cluster's servers as one: --no-join, and what is said at the end. */
#ifndef CLI_OPTIONS_JOINING_H
#define CLI_OPTIONS_JOINING_H

#include "cli/options/options.h"
#include "store/read/merge.h"

/* --no-join; sets a bool. */
extern const struct cli_option cli_joining_options[];

/* Number the clusters that several of the logs belong to, from 1; 0: no other log is of its cluster. Only blocks with marks are
 * read. Returns how many clusters there are, or a negative code with *fault. */
int cli_joining_find(const struct cli_operands *operands, uint32_t *numbers, struct wire_fault *fault);

/* As cli_inputs_open. Of logs that name the same cluster the deliveries join their messages, unless no_join
 * (store/cluster/cluster.h). */
int cli_joining_open(struct store_merge **inputs, const struct cli_operands *operands,
		     const struct store_reader_options *options, bool no_join, struct wire_fault *fault);

/* At the end of reading, report on stderr how many deliveries joined, which did not and why, and how the clocks differ. Nothing when the
 * logs are of no cluster. */
void cli_joining_report(const struct cli_command *command, const struct store_merge *inputs,
			const struct cli_operands *operands);

#endif
