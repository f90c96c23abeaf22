/* sniff_stats.h - how a sniffer is doing: a table for people, redrawn on a terminal, and the summary at the end. */
#ifndef CLI_OUTPUT_SNIFF_STATS_H
#define CLI_OUTPUT_SNIFF_STATS_H

#include "cli/output/out.h"
#include "store/read/event_summary.h"
#include "tap/sniffer.h"

struct cli_sniff_stats {
	struct store_event_summary *totals; /* owned */
	bool is_terminal, color;
	int64_t started_ns, drawn_ns;         /* on the monotonic clock */
	uint64_t drawn_messages, drawn_bytes; /* as they were then */
	unsigned drawn_lines;                 /* to be drawn over */
	struct cli_out out;
};

/* 0 or -ENOMEM. Draws on standard output. */
int cli_sniff_stats_init(struct cli_sniff_stats *stats, bool color);
void cli_sniff_stats_fini(struct cli_sniff_stats *stats);

/* 0 or -ENOMEM. */
int cli_sniff_stats_add(struct cli_sniff_stats *stats, const struct wire_event *event);

/* Draw it if the last time is a second ago: the table on a terminal, a line elsewhere. 0 or the error of writing. */
int cli_sniff_stats_draw(struct cli_sniff_stats *stats, struct tap_sniffer *sniffer);

/* The last time: the table, wherever. 0 or the error of writing. */
int cli_sniff_stats_end(struct cli_sniff_stats *stats, struct tap_sniffer *sniffer);

/* In one line without line end: what was heard; what was not. What does not fit in size bytes is cut; CLI_SNIFF_LINE
 * is enough. */
enum { CLI_SNIFF_LINE = 1000 };
void cli_sniff_heard(char *line, size_t size, const struct tap_sniffer_stats *stats);
void cli_sniff_missed(char *line, size_t size, const struct tap_sniffer_stats *stats);

/* Likewise: frames that were not decoded, by their kind. False: there are none. */
bool cli_sniff_undecoded(char *line, size_t size, const struct tap_sniffer_stats *stats);

#endif
