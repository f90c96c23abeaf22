#include "cli/output/text_line.h"

#include <inttypes.h>
#include <stdio.h>

#include "export/text/clock.h"
#include "export/text/conn_text.h"
#include "export/text/sizes.h"
#include "trace/inbox.h"

enum { SIZE_COLUMNS = 6, TAG_COLUMNS = 5 };

static const char ARROW[] = " → ";
enum { ARROW_COLUMNS = 3 };

/* ---- time and kind ---- */

/* How a row begins: the word for the kind and its colour. */
struct tag {
	const char *word;
	enum cli_color color;
};

static struct tag tag_of(const struct wire_event *event)
{
	static const struct tag tags[] = {
	    [WIRE_EVENT_MESSAGE] = {"pub", CLI_PLAIN},   [WIRE_EVENT_DELIVERY] = {"deliv", CLI_PLAIN},
	    [WIRE_EVENT_CONNECT] = {"conn", CLI_GREEN},  [WIRE_EVENT_DISCONNECT] = {"disc", CLI_YELLOW},
	    [WIRE_EVENT_SUBSCRIBE] = {"sub", CLI_GREEN}, [WIRE_EVENT_UNSUBSCRIBE] = {"unsub", CLI_YELLOW},
	    [WIRE_EVENT_ERROR] = {"error", CLI_RED},     [WIRE_EVENT_MARK] = {"mark", CLI_BOLD},
	    [WIRE_EVENT_GAP] = {"GAP", CLI_ALARM},
	};

	if (event->kind != WIRE_EVENT_MESSAGE)
		return tags[event->kind];
	if (event->reply.len > 0)
		return (struct tag){"req", CLI_CYAN};
	if (trace_has_inbox_prefix(event->subject))
		return (struct tag){"reply", CLI_MAGENTA};
	return tags[WIRE_EVENT_MESSAGE];
}

/* On a terminal, print a heading for each day, so that lines need no date. */
static void put_day(struct cli_text_line *line)
{
	struct cli_text_printer *printer = line->printer;
	int64_t day = export_clock_day(&printer->clock, line->event->time_ns);
	char text[EXPORT_TIME_TEXT];

	if (day == printer->day)
		return;
	printer->day = day;
	export_clock_text(&printer->clock, line->event->time_ns, EXPORT_TIME_DAY, text);
	cli_row_format(&line->row, CLI_DIM, "── %s ──", text);
	cli_row_end(&line->row);
}

static void put_time(struct cli_text_line *line)
{
	const struct cli_text_layout *layout = &line->printer->layout;
	enum export_clock_style style = layout->is_narrow ? EXPORT_TIME_CLOCK_MS : EXPORT_TIME_CLOCK;
	char text[EXPORT_TIME_TEXT];

	if (!layout->is_terminal)
		style = EXPORT_TIME_RFC3339;
	export_clock_text(&line->printer->clock, line->event->time_ns, style, text);
	cli_row_text(&line->row, CLI_DIM, text);
	cli_row_text(&line->row, CLI_PLAIN, " ");
}

static void put_tag(struct cli_text_line *line)
{
	struct tag tag = tag_of(line->event);
	size_t end = line->row.used + TAG_COLUMNS + 1;

	cli_row_text(&line->row, tag.color, tag.word);
	cli_row_fill(&line->row, end);
}

void cli_text_line_begin(struct cli_text_line *line)
{
	if (line->printer->layout.is_terminal)
		put_day(line);
	put_time(line);
	put_tag(line);
}

/* ---- who ---- */

/* One end of the arrow: a client, or words instead of one. */
struct party {
	struct wire_slice name;
	enum cli_color color;
	size_t tail;                   /* columns at the end of the name that must stay: a port */
	char number[EXPORT_CONN_TEXT]; /* of its connection: "#7"; "" = not shown */
};

static struct party words(const char *text, enum cli_color color)
{
	return (struct party){.name = wire_slice_str(text), .color = color};
}

/* Columns of ":4222". */
static size_t port_columns(struct wire_slice address)
{
	size_t len = 0;

	while (len < address.len && address.data[address.len - 1 - len] != ':')
		len++;
	return len < address.len ? len + 1 : 0;
}

/* On a narrow terminal a name comes without its number. */
static struct party party_of(const struct cli_text_line *line, uint64_t conn,
			     const struct wire_client *client)
{
	struct party party = {0};
	bool has_name = client && client->name.len > 0;

	if (has_name) {
		party.name = client->name;
	} else if (client && client->address.len > 0) {
		party.name = client->address;
		party.tail = port_columns(client->address);
		return party;
	}
	if (!has_name || !line->printer->layout.is_narrow)
		export_conn_text(party.number, conn);
	return party;
}

static struct party publisher_of(const struct cli_text_line *line)
{
	const struct wire_event *event = line->event;
	const struct wire_client *client = export_clients_find(line->clients, event->conn);

	if (event->flags & WIRE_EVENT_PUBLISHER_UNKNOWN)
		return words("?", CLI_YELLOW);
	return event->conn ? party_of(line, event->conn, client) : words("", CLI_PLAIN);
}

/* The address of a client comes later in its line: a client without a name has its number here. */
static struct party newcomer_of(const struct cli_text_line *line)
{
	struct wire_client client = {0};

	if (line->event->client)
		client.name = line->event->client->name;
	return party_of(line, line->event->conn, &client);
}

/* count: room for the number of receivers. */
static struct party receivers_of(const struct cli_text_line *line, char count[16])
{
	const struct wire_event *event = line->event;

	if (event->receiver_count == 1 && event->receivers && event->receivers_len == 1)
		return party_of(line, event->receivers[0].conn,
				export_clients_find(line->clients, event->receivers[0].conn));
	if (wire_event_is_unheard(event))
		return words("nobody", CLI_YELLOW);
	if (event->receiver_count == 0 && (event->flags & WIRE_EVENT_RECEIVERS_UNKNOWN))
		return words("?", CLI_YELLOW);
	snprintf(count, 16, "%" PRIu32, event->receiver_count);
	return words(count, CLI_PLAIN);
}

static size_t columns_of(const struct party *party)
{
	return export_escape_columns(party->name, CLI_ROW_ENDLESS) + strlen(party->number);
}

static void put_party(struct cli_text_line *line, const struct party *party, size_t most)
{
	size_t number = strlen(party->number);

	if (party->tail > 0 && line->printer->layout.is_terminal)
		cli_row_put_ends(&line->row, party->color, party->name, most, party->tail);
	else
		cli_row_put(&line->row, party->color, party->name, most > number ? most - number : 0);
	cli_row_text(&line->row, CLI_DIM, party->number);
}

/* Two names share the column: the longer one is cut first, down to half of it. */
static void share_columns(const struct party *from, const struct party *to, size_t most, size_t *from_most,
			  size_t *to_most)
{
	size_t to_columns = columns_of(to), half = most / 2;

	*from_most = columns_of(from);
	if (*from_most + to_columns > most) {
		if (to_columns <= half)
			*from_most = most - to_columns;
		else if (*from_most > most - half)
			*from_most = most - half;
	}
	*to_most = most - *from_most;
}

static void put_pair(struct cli_text_line *line, const struct party *from, const struct party *to,
		     size_t most)
{
	size_t from_most = CLI_ROW_ENDLESS, to_most = CLI_ROW_ENDLESS;

	if (line->printer->layout.is_terminal)
		share_columns(from, to, most, &from_most, &to_most);
	put_party(line, from, from_most);
	cli_row_text(&line->row, CLI_DIM, ARROW);
	put_party(line, to, to_most);
}

uint32_t cli_text_line_dropped(const struct cli_text_line *line)
{
	const struct wire_event *event = line->event;
	uint32_t dropped = 0;

	for (uint32_t i = 0; event->receivers && i < event->receivers_len; i++)
		dropped += event->receivers[i].outcome != WIRE_SENT;
	return dropped;
}

/* The rest of the column after the receivers: " + ?" where there may be more, and how many got nothing. Returns the
 * columns of the text. */
static size_t describe_others(const struct cli_text_line *line, char *more, char *dropped, size_t size)
{
	const struct wire_event *event = line->event;
	bool are_known = !(event->flags & WIRE_EVENT_RECEIVERS_UNKNOWN);
	uint32_t count = line->printer->layout.is_narrow ? 0 : cli_text_line_dropped(line);

	snprintf(more, size, "%s", event->receiver_count > 0 && !are_known ? " + ?" : "");
	snprintf(dropped, size, count > 0 ? " (%" PRIu32 " dropped)" : "", count);
	return strlen(more) + strlen(dropped);
}

static void put_message_parties(struct cli_text_line *line, size_t most)
{
	char count[16], more[32], dropped[32];
	const struct party from = publisher_of(line), to = receivers_of(line, count);
	size_t others = describe_others(line, more, dropped, sizeof(more)) + ARROW_COLUMNS;

	put_pair(line, &from, &to, most > others ? most - others : 0);
	cli_row_text(&line->row, CLI_YELLOW, more);
	cli_row_text(&line->row, CLI_RED, dropped);
}

/* End a column that began at `start`: widen it to what it now holds, at most to `most`, and fill it up. */
static void end_column(struct cli_text_line *line, size_t start, size_t *columns, size_t most)
{
	size_t used = line->row.used - start;

	if (used > *columns)
		*columns = used < most ? used : most;
	cli_row_fill(&line->row, start + *columns);
	cli_row_fill(&line->row, line->row.used + line->printer->layout.between);
}

void cli_text_line_who(struct cli_text_line *line)
{
	struct cli_text_layout *layout = &line->printer->layout;
	size_t start = line->row.used, most = layout->is_terminal ? layout->who : CLI_ROW_ENDLESS;
	struct party party;

	if (line->event->kind == WIRE_EVENT_MESSAGE) {
		put_message_parties(line, most);
	} else {
		party = line->event->kind == WIRE_EVENT_CONNECT ? newcomer_of(line) : publisher_of(line);
		if (line->event->kind == WIRE_EVENT_DELIVERY)
			cli_row_text(&line->row, CLI_DIM, "→ ");
		put_party(line, &party, most - (line->row.used - start));
	}
	end_column(line, start, &layout->who, layout->who_most);
}

/* ---- subject and size ---- */

void cli_text_line_reply(struct cli_text_line *line)
{
	const struct cli_text_layout *layout = &line->printer->layout;
	const struct wire_slice prefix = WIRE_LITERAL(TRACE_INBOX_PREFIX ".");
	struct wire_slice reply = line->event->reply;
	size_t most = layout->inbox_tail + 1;

	cli_row_text(&line->row, CLI_CYAN, layout->is_narrow ? "↩" : "↩ ");
	if (layout->is_terminal && trace_has_inbox_prefix(reply))
		reply = wire_slice(reply.data + prefix.len, reply.len - prefix.len);
	if (layout->is_terminal)
		cli_row_put_ends(&line->row, CLI_CYAN, reply, most, layout->inbox_tail);
	else
		cli_row_put(&line->row, CLI_CYAN, reply, CLI_ROW_ENDLESS);
}

static void put_subject(struct cli_text_line *line)
{
	const struct cli_text_layout *layout = &line->printer->layout;
	struct wire_slice subject = line->event->subject;

	if (!layout->is_terminal)
		cli_row_put(&line->row, CLI_BOLD, subject, CLI_ROW_ENDLESS);
	else
		cli_row_put_ends(&line->row, CLI_BOLD, subject, layout->subject, 0);
}

/* The end of an inbox identifies it. */
static void put_inbox_subject(struct cli_text_line *line)
{
	const struct cli_text_layout *layout = &line->printer->layout;
	const size_t prefix = sizeof(TRACE_INBOX_PREFIX ".") - 1, tail = 8, most = prefix + 1 + tail;

	if (layout->is_terminal)
		cli_row_put_ends(&line->row, CLI_PLAIN, line->event->subject,
				 most < layout->subject ? most : layout->subject, tail);
	else
		cli_row_put(&line->row, CLI_PLAIN, line->event->subject, CLI_ROW_ENDLESS);
}

void cli_text_line_subject(struct cli_text_line *line)
{
	struct cli_text_layout *layout = &line->printer->layout;
	size_t start = line->row.used;

	if (trace_has_inbox_prefix(line->event->subject))
		put_inbox_subject(line);
	else
		put_subject(line);
	end_column(line, start, &layout->subject, layout->subject_most);
}

void cli_text_line_size(struct cli_text_line *line)
{
	char text[EXPORT_SIZE_TEXT];

	cli_row_format(&line->row, CLI_PLAIN, "%*s", SIZE_COLUMNS, export_size_text(text, line->event->size));
}
