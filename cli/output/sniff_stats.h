/* sniff_stats.h - the statistics of a sniffer: a table, redrawn on a terminal, and the summary at the end. */
#ifndef CLI_OUTPUT_SNIFF_STATS_H
#define CLI_OUTPUT_SNIFF_STATS_H

#include "export/text/out.h"
#include "store/read/event_summary.h"
#include "tap/sniffer.h"

struct cli_sniff_stats_options {
	struct store_summary_naming naming; /* of subjects */
	bool is_capture_file;               /* rates are those of the packets' times, not of the reading */
	bool color;
};

struct cli_sniff_stats {
	struct cli_sniff_stats_options options;
	struct store_event_summary *totals; /* owned */
	bool is_terminal;
	int64_t started_ns, drawn_ns;         /* on the monotonic clock */
	uint64_t drawn_messages, drawn_bytes; /* at drawn_ns */
	unsigned drawn_lines;                 /* to be overwritten */
	struct export_out out;
};

/* 0 or -ENOMEM. Draws on standard output. */
int cli_sniff_stats_init(struct cli_sniff_stats *stats, const struct cli_sniff_stats_options *options);
void cli_sniff_stats_fini(struct cli_sniff_stats *stats);

/* 0 or -ENOMEM. */
int cli_sniff_stats_add(struct cli_sniff_stats *stats, const struct wire_event *event);

/* Draw when the last drawing is a second old: the table on a terminal, a line elsewhere. 0 or the error of
 * writing. */
int cli_sniff_stats_draw(struct cli_sniff_stats *stats, struct tap_sniffer *sniffer);

/* Draw the table for the last time, on a terminal or not. 0 or the error of writing. */
int cli_sniff_stats_end(struct cli_sniff_stats *stats, struct tap_sniffer *sniffer);

/* Print what was captured and what was missed, in one line without a line end. Cut to size; CLI_SNIFF_LINE
 * bytes suffice. */
enum { CLI_SNIFF_LINE = 1000 };
void cli_sniff_captured(char *line, size_t size, const struct tap_sniffer_stats *stats);
void cli_sniff_missed(char *line, size_t size, const struct tap_sniffer_stats *stats);

/* Likewise, the frames that were not decoded, by kind. False when there are none. */
bool cli_sniff_undecoded(char *line, size_t size, const struct tap_sniffer_stats *stats);

#endif
