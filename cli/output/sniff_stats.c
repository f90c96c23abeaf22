#include "cli/output/sniff_stats.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "cli/output/groups_text.h"

enum { EVERY_NS = 1000000000, TOP = 15, VALUE_COLUMN = 14, NOTE_COLUMN = 30 };

static int64_t monotonic_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int cli_sniff_stats_init(struct cli_sniff_stats *stats, const struct cli_sniff_stats_options *options)
{
	const struct store_summary_options counting = {.naming = options->naming};

	*stats = (struct cli_sniff_stats){.options = *options, .is_terminal = isatty(STDOUT_FILENO)};
	stats->started_ns = stats->drawn_ns = monotonic_ns();
	int error = export_out_init(&stats->out, STDOUT_FILENO);
	if (error)
		return error;
	stats->totals = store_event_summary_open(&counting);
	if (stats->totals)
		return 0;
	export_out_fini(&stats->out);
	return -ENOMEM;
}

void cli_sniff_stats_fini(struct cli_sniff_stats *stats)
{
	store_event_summary_close(stats->totals);
	export_out_fini(&stats->out);
}

int cli_sniff_stats_add(struct cli_sniff_stats *stats, const struct wire_event *event)
{
	return store_event_summary_add(stats->totals, event, NULL);
}

/* ---- texts ---- */

/* Append to a line of size bytes; what does not fit is cut. */
static void append(char *line, size_t size, const char *format, ...) __attribute__((format(printf, 3, 4)));

static void append(char *line, size_t size, const char *format, ...)
{
	size_t len = strlen(line);
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(line + len, size - len, format, arguments);
	va_end(arguments);
}

void cli_sniff_captured(char *line, size_t size, const struct tap_sniffer_stats *stats)
{
	char count[EXPORT_SIZE_TEXT], more[EXPORT_SIZE_TEXT];
	const struct tap_join_stats *join = stats->join;

	line[0] = '\0';
	append(line, size, "%s message%s (%s)", export_count_text(count, join->messages),
	       export_plural(join->messages), export_size_text(more, join->message_bytes));
	if (join->unknown_receivers > 0)
		append(line, size, ", %s of them with unknown receivers",
		       export_count_text(count, join->unknown_receivers));
	append(line, size, ", %s deliver%s", export_count_text(count, join->deliveries),
	       join->deliveries == 1 ? "y" : "ies");
	if (join->unjoined_deliveries > 0)
		append(line, size, " (%s without their message)",
		       export_count_text(count, join->unjoined_deliveries));
	append(line, size, ", %s connection%s, in %s packet%s",
	       export_count_text(count, stats->sessions->connections),
	       export_plural(stats->sessions->connections), export_count_text(more, stats->packets.frames),
	       export_plural(stats->packets.frames));
}

static void append_undecoded(char *line, size_t size, const struct tap_sessions_stats *sessions)
{
	char count[EXPORT_SIZE_TEXT];

	for (int i = 0; i < TAP_UNDECODED_KINDS; i++)
		if (sessions->undecoded[i] > 0)
			append(line, size, ", %s %s connection%s not decoded",
			       export_count_text(count, sessions->undecoded[i]),
			       tap_undecoded_name((enum tap_undecoded_kind)i),
			       export_plural(sessions->undecoded[i]));
}

/* A capture file may not say whether the kernel or the interface dropped packets. */
static void append_drops(char *line, size_t size, const struct tap_capture_counts *capture)
{
	char count[EXPORT_SIZE_TEXT];

	append(line, size, ", dropped %s by the kernel%s", export_count_text(count, capture->kernel_drops),
	       capture->either_drops > 0 ? "," : " and");
	append(line, size, " %s by the interface", export_count_text(count, capture->interface_drops));
	if (capture->either_drops > 0)
		append(line, size, " and %s by either of them",
		       export_count_text(count, capture->either_drops));
}

/* Segments that TCP would not have taken, and bytes outside any connection. */
static void append_refused(char *line, size_t size, const struct tap_reassembly_stats *reassembly)
{
	char count[EXPORT_SIZE_TEXT], bytes[EXPORT_SIZE_TEXT];

	if (reassembly->strays > 0)
		append(line, size, ", %s segment%s (%s) outside their connection's window ignored",
		       export_count_text(count, reassembly->strays), export_plural(reassembly->strays),
		       export_size_text(bytes, reassembly->stray_bytes));
	if (reassembly->ignored_controls > 0)
		append(line, size, ", %s invalid RST, SYN or FIN ignored",
		       export_count_text(count, reassembly->ignored_controls));
	if (reassembly->ended_bytes > 0)
		append(line, size, ", %s after the end of their connection",
		       export_size_text(bytes, reassembly->ended_bytes));
	if (reassembly->early_bytes > 0)
		append(line, size, ", %s before the first byte seen in order",
		       export_size_text(bytes, reassembly->early_bytes));
	if (reassembly->refused_bytes > 0)
		append(line, size, ", %s of connections for which there was no memory",
		       export_size_text(bytes, reassembly->refused_bytes));
}

/* Connections without any sign of NATS, and those for which there was no memory. */
static void append_unrecognised(char *line, size_t size, const struct tap_sniffer_stats *stats)
{
	char count[EXPORT_SIZE_TEXT], bytes[EXPORT_SIZE_TEXT];
	const struct tap_sessions_stats *sessions = stats->sessions;
	const struct tap_reassembly_stats *reassembly = stats->packets.reassembly;

	if (sessions->unrecognised > 0)
		append(line, size, ", %s connection%s (%s) not recognised as NATS",
		       export_count_text(count, sessions->unrecognised),
		       export_plural(sessions->unrecognised),
		       export_size_text(bytes, sessions->unrecognised_bytes + reassembly->unwatched_bytes));
	if (sessions->refused > 0)
		append(line, size, ", %s connection%s not followed for lack of memory",
		       export_count_text(count, sessions->refused), export_plural(sessions->refused));
}

void cli_sniff_missed(char *line, size_t size, const struct tap_sniffer_stats *stats)
{
	char count[EXPORT_SIZE_TEXT], bytes[EXPORT_SIZE_TEXT];
	const struct tap_sessions_stats *sessions = stats->sessions;

	line[0] = '\0';
	append(line, size, "%s gap%s (%s)", export_count_text(count, sessions->gaps),
	       export_plural(sessions->gaps), export_size_text(bytes, sessions->lost_bytes));
	append(line, size, ", %s partial", export_count_text(count, stats->join->partial));
	append_drops(line, size, &stats->capture);
	if (stats->join->lost > 0)
		append(line, size, ", %s lost for lack of memory",
		       export_count_text(count, stats->join->lost));
	append_undecoded(line, size, sessions);
	append_refused(line, size, stats->packets.reassembly);
	append_unrecognised(line, size, stats);
}

bool cli_sniff_undecoded(char *line, size_t size, const struct tap_sniffer_stats *stats)
{
	char kinds[600];

	tap_undecoded_frames_list(stats->packets.undecoded, kinds, sizeof(kinds));
	snprintf(line, size, "not decoded: %s", kinds);
	return kinds[0];
}

/* ---- drawing ---- */

struct rates {
	double messages, bytes; /* per second */
};

/* The time that rates are over: of a file the time of its packets, from the first to the last; else since the last drawing, or for
 * the last drawing since the start. 0 = not known. */
static double seconds_of(const struct cli_sniff_stats *stats, int64_t now_ns, bool is_last)
{
	int64_t from_ns = is_last ? stats->started_ns : stats->drawn_ns;

	if (stats->options.is_capture_file)
		return (double)store_event_summary_so_far(stats->totals)->span_ns / 1e9;
	return (double)(now_ns - from_ns) / 1e9;
}

static struct rates rates_of(struct cli_sniff_stats *stats, const struct tap_sniffer_stats *seen,
			     bool is_last)
{
	int64_t now_ns = monotonic_ns();
	double seconds = seconds_of(stats, now_ns, is_last);
	uint64_t messages = seen->join->messages, bytes = seen->join->message_bytes;
	bool is_whole = is_last || stats->options.is_capture_file;
	struct rates rates = {0};

	if (seconds > 0)
		rates = (struct rates){(double)(messages - (is_whole ? 0 : stats->drawn_messages)) / seconds,
				       (double)(bytes - (is_whole ? 0 : stats->drawn_bytes)) / seconds};
	stats->drawn_ns = now_ns;
	stats->drawn_messages = messages;
	stats->drawn_bytes = bytes;
	return rates;
}

/* "731/s, 49 MB/s"; empty without messages, or when their rate is not known. line: size bytes. */
static void write_rates(char *line, size_t size, struct rates rates)
{
	char messages[EXPORT_SIZE_TEXT], bytes[EXPORT_SIZE_TEXT];

	line[0] = '\0';
	if (rates.messages > 0)
		snprintf(line, size, "%s, %s", export_per_time_text(messages, rates.messages),
			 export_bytes_per_time_text(bytes, rates.bytes));
}

static void put_line(struct cli_sniff_stats *stats, struct cli_row *row, enum cli_color color,
		     const char *name, const char *value, const char *note)
{
	cli_row_fill(row, 2);
	cli_row_text(row, CLI_DIM, name);
	cli_row_fill(row, VALUE_COLUMN);
	cli_row_text(row, color, value);
	if (note[0]) {
		cli_row_fill(row, NOTE_COLUMN);
		cli_row_text(row, CLI_PLAIN, note);
	}
	cli_row_end(row);
	stats->drawn_lines++;
}

static bool is_complete(const struct tap_sniffer_stats *seen)
{
	const struct tap_capture_counts *capture = &seen->capture;

	return seen->sessions->gaps + seen->join->partial + capture->kernel_drops + capture->interface_drops +
		   capture->either_drops ==
	       0;
}

static void put_totals(struct cli_sniff_stats *stats, struct cli_row *row,
		       const struct tap_sniffer_stats *seen, struct rates rates)
{
	char value[EXPORT_SIZE_TEXT], rate[EXPORT_SIZE_TEXT], size[EXPORT_SIZE_TEXT], note[CLI_SNIFF_LINE];

	write_rates(note, sizeof(note), rates);
	put_line(stats, row, CLI_BOLD, "messages", export_count_text(value, seen->join->messages), note);
	if (seen->join->unknown_receivers > 0)
		put_line(stats, row, CLI_YELLOW, "receivers",
			 export_count_text(value, seen->join->unknown_receivers),
			 "messages may have receivers that are not known");
	note[0] = '\0';
	if (seen->join->unjoined_deliveries > 0)
		snprintf(note, sizeof(note), "%s without their message",
			 export_count_text(rate, seen->join->unjoined_deliveries));
	put_line(stats, row, CLI_PLAIN, "deliveries", export_count_text(value, seen->join->deliveries), note);
	snprintf(note, sizeof(note), "%s open, memory %s",
		 export_count_text(rate, seen->sessions->open_connections),
		 export_size_text(size, seen->used_bytes));
	put_line(stats, row, CLI_PLAIN, "connections", export_count_text(value, seen->sessions->connections),
		 note);
	cli_sniff_missed(note, sizeof(note), seen);
	bool is_whole = is_complete(seen);
	put_line(stats, row, is_whole ? CLI_PLAIN : CLI_RED, "missed", note, "");
}

static int64_t span_of(const struct cli_sniff_stats *stats)
{
	if (stats->options.is_capture_file)
		return store_event_summary_so_far(stats->totals)->span_ns;
	return stats->drawn_ns - stats->started_ns;
}

static void put_subjects(struct cli_sniff_stats *stats, struct cli_row *row)
{
	static const struct cli_groups_words words = {"messages", "subject", ""};
	const struct store_summary *totals = store_event_summary_so_far(stats->totals);
	const struct cli_groups_scale scale = cli_groups_scale_of(totals->messages, span_of(stats));
	const struct store_group *top[TOP];
	size_t len = store_groups_top(&totals->subjects, top, TOP);

	if (len == 0)
		return;
	cli_row_end(row);
	cli_groups_title(row, &scale, &words);
	for (size_t i = 0; i < len; i++)
		cli_groups_row(row, &scale, top[i]);
	stats->drawn_lines += 2 + (unsigned)len;
}

static int draw_table(struct cli_sniff_stats *stats, const struct tap_sniffer_stats *seen, struct rates rates)
{
	size_t columns = cli_terminal_columns(stats->out.fd);
	struct cli_row row = {.out = &stats->out,
			      .color = stats->options.color,
			      .columns = columns ? columns : CLI_ROW_ENDLESS};

	if (stats->drawn_lines > 0)
		export_out_format(&stats->out, "\x1b[%uA\x1b[J", stats->drawn_lines);
	stats->drawn_lines = 0;
	put_totals(stats, &row, seen, rates);
	put_subjects(stats, &row);
	return export_out_flush(&stats->out);
}

static int draw_line(struct cli_sniff_stats *stats, const struct tap_sniffer_stats *seen, struct rates rates)
{
	char span[EXPORT_SIZE_TEXT], rate[2 * EXPORT_SIZE_TEXT + 10], captured[CLI_SNIFF_LINE],
	    missed[CLI_SNIFF_LINE];

	cli_sniff_captured(captured, sizeof(captured), seen);
	cli_sniff_missed(missed, sizeof(missed), seen);
	write_rates(rate, sizeof(rate), rates);
	export_out_format(&stats->out, "%s: %s%s%s; %s\n", export_span_text(span, span_of(stats)), rate,
			  rate[0] ? "; " : "", captured, missed);
	return export_out_flush(&stats->out);
}

int cli_sniff_stats_draw(struct cli_sniff_stats *stats, struct tap_sniffer *sniffer)
{
	struct tap_sniffer_stats seen;

	if (monotonic_ns() - stats->drawn_ns < EVERY_NS)
		return 0;
	tap_sniffer_stats(sniffer, &seen);
	struct rates rates = rates_of(stats, &seen, false);
	return stats->is_terminal ? draw_table(stats, &seen, rates) : draw_line(stats, &seen, rates);
}

int cli_sniff_stats_end(struct cli_sniff_stats *stats, struct tap_sniffer *sniffer)
{
	struct tap_sniffer_stats seen;

	tap_sniffer_stats(sniffer, &seen);
	return draw_table(stats, &seen, rates_of(stats, &seen, true));
}
