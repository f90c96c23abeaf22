/* stat_session.h - the settings of `tapedeck stat`, and one run of it. Struct definitions only. */
#ifndef CLI_COMMANDS_STAT_SESSION_H
#define CLI_COMMANDS_STAT_SESSION_H

#include "cli/options/filters.h"
#include "cli/options/folding.h"
#include "cli/output/screen.h"
#include "export/text/out.h"
#include "store/read/merge.h"
#include "trace/grouping.h"

/* --by */
struct cli_stat_key {
	bool is_given;
	enum trace_group_key key;
	const char *header; /* of TRACE_GROUP_HEADER */
};

/* A log, or the logs of a cluster's servers, which are summed up together (stat_input.h). */
struct cli_stat_input {
	char name[600]; /* for people: the paths; cut when too long */
	struct cli_operands logs;
};

struct cli_stat_settings {
	struct cli_filters filters;
	struct cli_folding folding;
	struct cli_stat_key by;
	uint64_t top;        /* rows in each table */
	int64_t every_ns;    /* --every; 0 = not asked for */
	const char *compare; /* --compare: a log or a duration; NULL = not asked for */
	int min_change;      /* --min-change: percent; -1 = not given */
	bool clients, json, no_pager, quiet, no_join;
	int color; /* enum cli_color_choice */
};

struct cli_stat_session {
	const struct cli_command *command;
	const struct cli_stat_settings *settings;
	const struct store_filter *filter;
	struct cli_operands subjects;
	const struct cli_stat_input *next; /* to be reported on */
	struct cli_fold fold;
	struct export_out out;
	struct cli_screen screen;
	struct store_merge *cluster; /* that is being read; NULL = none */
	bool is_joining_reported;    /* of the cluster that is being reported on */
	bool is_next;                /* not the first input */
	uint64_t matched;            /* events of the last input that passed the filter, without gaps */
};

#endif
