/* source.h - where the tables of `top` come from: a log (cli/top/log_source.h) or a monitoring port
 * (cli/top/monitor_source.h). */
#ifndef CLI_TOP_SOURCE_H
#define CLI_TOP_SOURCE_H

#include "cli/top/lines.h"
#include "cli/top/table.h"
#include "cli/top/window.h"
#include "export/text/sizes.h"
#include "wire/error.h"

enum { CLI_TOP_FIELDS_MAX = 10, CLI_TOP_VIEWS_MAX = 8, CLI_TOP_TITLE_BYTES = 300 };

/* A number above the table. */
struct cli_top_field {
	const char *name; /* empty: the value says it */
	char value[EXPORT_SIZE_TEXT];
	enum cli_color color;
};

/* The lines above the table. Texts may hold anything. */
struct cli_top_head {
	char title[CLI_TOP_TITLE_BYTES];
	char state[CLI_TOP_TITLE_BYTES]; /* "live", "recorder stopped at …", "no answer: …" */
	enum cli_color state_color;
	int64_t now_ns; /* that the numbers are of; INT64_MIN: the state says it */
	struct cli_top_field fields[CLI_TOP_FIELDS_MAX];
	size_t fields_len;
	double history[CLI_TOP_SLOTS]; /* messages a second, the oldest first */
	size_t history_len;
};

struct cli_top_source {
	const struct cli_top_view *const *views;
	size_t views_len;
	const char *behind; /* what the list behind a row holds: "messages" */
	int poll_ms;        /* call poll so often; 0: once for each table */
	/* Take in what is new. 1: there is more, call again soon; 0: there is nothing more yet; or a negative code with *fault when
	 * nothing can be read any more. */
	int (*poll)(struct cli_top_source *source, struct wire_fault *fault);
	/* Nothing new will come. */
	bool (*has_ended)(const struct cli_top_source *source);
	void (*head)(struct cli_top_source *source, struct cli_top_head *head);
	/* Add the rows of a view, in any order, to an empty table. */
	void (*rows)(struct cli_top_source *source, size_t view, struct cli_top_table *table);
	/* NULL, or: take subjects that differ by an id for one, or again for many. 0, or a negative code with *fault, after which
	 * the source may only be closed. */
	int (*toggle_fold)(struct cli_top_source *source, struct wire_fault *fault);
	/* Open the list behind a row: what to show after Enter. Closes the one before. title: CLI_TOP_TITLE_BYTES. 0, or a
	 * negative code with *fault. */
	int (*open_list)(struct cli_top_source *source, const struct cli_top_table *table,
			 const struct cli_top_row *row, size_t columns, char *title,
			 struct wire_fault *fault);
	/* Add what is new in the open list to `lines`. As poll. */
	int (*poll_list)(struct cli_top_source *source, struct cli_top_lines *lines,
			 struct wire_fault *fault);
	/* Everything about one line of the list, in `text`. 0, or a negative code with *fault. NULL: there is no more about
	 * them. */
	int (*open_text)(struct cli_top_source *source, const struct cli_top_line *line, size_t columns,
			 struct cli_top_lines *text, struct wire_fault *fault);
	void (*close_list)(struct cli_top_source *source);
	void (*close)(struct cli_top_source *source);
};

/* Put two texts one after the other into CLI_TOP_TITLE_BYTES, cut where they are too long. */
void cli_top_join(char *to, const char *first, const char *second);

/* Add a number to the head; the colour is used when it is not 0. Beyond CLI_TOP_FIELDS_MAX it is left out. */
void cli_top_head_count(struct cli_top_head *head, const char *name, uint64_t count, enum cli_color color);
void cli_top_head_rate(struct cli_top_head *head, const char *name, double per_second);
void cli_top_head_bytes(struct cli_top_head *head, const char *name, double bytes);
void cli_top_head_bytes_rate(struct cli_top_head *head, double per_second);

#endif
