/* sniff.h - the options of `tapedeck sniff`, and its run. */
#ifndef CLI_COMMANDS_SNIFF_H
#define CLI_COMMANDS_SNIFF_H

#include "cli/options/filters.h"
#include "cli/options/folding.h"
#include "cli/options/masking.h"
#include "cli/options/recording.h"
#include "cli/output/printer.h"

struct cli_ports {
	uint16_t *list; /* owned */
	size_t len;
};

struct cli_sniff {
	const char *interface, *file; /* one of them is set */
	struct cli_ports ports;       /* empty: every port */
	const char *bpf;
	uint64_t snaplen, buffer_bytes, memory_bytes;
	bool lists_interfaces;      /* and does nothing else */
	const char *write_file;     /* NULL: packets are not written; "-": to standard output */
	bool keeps_secrets;         /* in that file */
	uint64_t limit;             /* end after so many events; 0 = no limit */
	bool quiet;                 /* no progress, no summary, no remarks */
	bool stats;                 /* print a table instead of events */
	struct cli_folding folding; /* of the table's subjects */
	struct cli_recording recording;
	struct cli_masking masking; /* with its masker */
	struct cli_filters filters;
	struct cli_operands subjects;
	struct cli_output output;
};

/* Capture, and print, record or count. Prints errors, and a summary at the end, on stderr. Returns an exit
 * status. */
int cli_sniff_run(const struct cli_command *command, const struct cli_sniff *sniff,
		  const struct store_filter *filter);

#endif
