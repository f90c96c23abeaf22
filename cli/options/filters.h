/* filters.h - the options that select events, the same in every reading command. */
#ifndef CLI_OPTIONS_FILTERS_H
#define CLI_OPTIONS_FILTERS_H

#include "cli/options/options.h"
#include "store/filter/filter.h"

struct cli_filters {
	struct cli_list subjects, excludes, clients, receivers, kinds, seqs, headers, greps, wheres;
	const char *since, *until, *grep_in;
	uint64_t min_size;
	bool unheard, invert;
	bool utc;         /* times without a zone, and those printed, are UTC */
	bool is_reported; /* doubts about --since and --until were reported: the filter is built once more */
};

/* Sets a struct cli_filters, zeroed before. */
extern const struct cli_option cli_filter_options[];

/* --seq, for the commands that have none of their own; sets a struct cli_filters. */
extern const struct cli_option cli_seq_options[];

/* --limit; sets a uint64_t: end after so many matches, 0 (which cannot be given) = no limit. */
extern const struct cli_option cli_limit_options[];

/* True when an event that passed the filter is a match. A gap passes because it may hide a match; it is a match only
 * when gaps were asked for. */
bool cli_filters_match(const struct cli_filters *filters, const struct wire_event *event);

/* Ask for a kind of events (NULL: for none) unless the user asked for some. CLI_GO_ON, or CLI_IO after a complaint. */
int cli_filters_default_kind(const struct cli_command *command, struct cli_filters *filters,
			     const char *kind);

void cli_filters_fini(struct cli_filters *filters);

/* Build the filter from the options and the SUBJECT operands. CLI_GO_ON with *filter, to be closed by the
 * caller; or an exit status after a complaint. */
int cli_filters_build(const struct cli_command *command, const struct cli_filters *filters,
		      const struct cli_operands *subjects, struct store_filter **filter);

/* The filter for the events around those that the options choose: by time, sequence number and --exclude alone. As
 * cli_filters_build. */
int cli_filters_build_around(const struct cli_command *command, const struct cli_filters *filters,
			     struct store_filter **filter);

/* The filter for the events that an analysis reads: --since alone, because it needs all events from some time on.
 * *until_ns is --until, INT64_MAX without it. CLI_GO_ON with *filter, or an exit status after a complaint; *filter is
 * to be closed by the caller in any case and may be NULL. */
int cli_filters_build_since(const struct cli_command *command, const struct cli_filters *filters,
			    struct store_filter **filter, int64_t *until_ns);

#endif
