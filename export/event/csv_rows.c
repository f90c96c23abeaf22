#include "export/event/csv_rows.h"

#include <errno.h>
#include <stdlib.h>

#include "export/text/escape.h"

static int add_field(struct export_csv *csv, struct wire_slice name, struct wire_fault *fault)
{
	struct export_field *fields = realloc(csv->fields, (csv->len + 1) * sizeof(*fields));

	if (!fields)
		return wire_fault_set(fault, -ENOMEM, "out of memory");
	csv->fields = fields;
	if (name.len == 0)
		return wire_fault_set(fault, -EINVAL, "field %zu has no name", csv->len + 1);
	return export_field_init(&fields[csv->len++], name, fault);
}

/* The bytes of the first name of a list: up to a comma outside brackets, $['a,b']. */
static size_t name_len(const char *names)
{
	size_t len = 0;
	char quote = '\0';
	bool is_inside = false;

	for (; names[len] && (is_inside || names[len] != ','); len++) {
		if (quote != '\0')
			quote = names[len] == quote ? '\0' : quote;
		else if (is_inside && (names[len] == '\'' || names[len] == '"'))
			quote = names[len];
		else if (names[len] == '[' || names[len] == ']')
			is_inside = names[len] == '[';
	}
	return len;
}

int export_csv_init(struct export_csv *csv, const char *names, bool utc, struct wire_fault *fault)
{
	int error = 0;

	*csv = (struct export_csv){.names = names, .reader.clock.utc = utc};
	do {
		size_t len = name_len(names);

		error = add_field(csv, wire_slice(names, len), fault);
		names += len;
	} while (*names++ && !error);
	return error;
}

void export_csv_fini(struct export_csv *csv)
{
	for (size_t i = 0; i < csv->len; i++)
		export_field_fini(&csv->fields[i]);
	free(csv->fields);
	export_field_reader_fini(&csv->reader);
}

static bool needs_quotes(struct wire_slice value)
{
	for (size_t i = 0; i < value.len; i++)
		if (value.data[i] == ',' || value.data[i] == '"' || value.data[i] == '\n' ||
		    value.data[i] == '\r')
			return true;
	return value.len > 0 && (value.data[0] == ' ' || value.data[value.len - 1] == ' ');
}

/* A quote, a tab or a line end, CR only before LF: alone it would lead a terminal back to the beginning of the line. */
static bool is_kept(struct wire_slice value, size_t at)
{
	char c = value.data[at];

	return c == '"' || c == '\t' || c == '\n' ||
	       (c == '\r' && at + 1 < value.len && value.data[at + 1] == '\n');
}

static bool begins_formula(char c)
{
	return c == '=' || c == '+' || c == '-' || c == '@' || c == '\t' || c == '\r';
}

/* A spreadsheet takes a value that begins so for a formula, unless it is a number. One that looks as if it had the guard of a formula
 * gets another, so that importing takes off one again. */
static bool is_formula(struct wire_slice value)
{
	const char first = value.len > 0 ? value.data[0] : '\0';
	size_t quotes = 0;

	while (quotes < value.len && value.data[quotes] == '\'')
		quotes++;
	if (quotes > 0)
		return quotes < value.len && begins_formula(value.data[quotes]);
	if (!begins_formula(first))
		return false;
	for (size_t i = 1; i < value.len; i++)
		if ((value.data[i] < '0' || value.data[i] > '9') && value.data[i] != '.')
			return true;
	return first != '-' && first != '+';
}

/* Print what begins at value.data[at]: a character as it is, or all up to the next one that needs no escape. Returns its bytes. */
static size_t put_next(struct export_out *out, struct wire_slice value, size_t at)
{
	const char c = value.data[at];
	size_t end = at + 1;

	if ((c >= ' ' && c < 0x7f) || is_kept(value, at)) {
		if (c == '"')
			export_out_char(out, '"');
		export_out_char(out, c);
		return 1;
	}
	while (end < value.len && (value.data[end] < ' ' || value.data[end] == 0x7f) && !is_kept(value, end))
		end++;
	export_escape_put(out, wire_slice(value.data + at, end - at), EXPORT_UNCLIPPED);
	return end - at;
}

/* Copy printable ASCII from value.data[at] on into the room of the output. Outside of quotes it ends before what needs them. Returns the
 * place of the first byte that was not copied. Hot: most of all bytes. */
static size_t put_run(struct export_out *out, struct wire_slice value, size_t at, bool in_quotes)
{
	char *to = out->data + out->len;
	const char *most = out->data + EXPORT_OUT_BYTES - 1;

	for (; at < value.len && to < most; at++) {
		const char c = value.data[at];

		if (c < ' ' || c == 0x7f || (!in_quotes && (c == '"' || c == ',')))
			break;
		if (c == '"')
			*to++ = c;
		*to++ = c;
	}
	out->len = (size_t)(to - out->data);
	return at;
}

/* Print a value that is all plain. False: it is not, and nothing was printed. */
static bool put_plain(struct export_out *out, struct wire_slice value)
{
	const size_t before = out->len;

	if (value.len == 0)
		return true;
	if (value.data[0] == ' ' || value.data[value.len - 1] == ' ')
		return false;
	if (put_run(out, value, 0, false) == value.len)
		return true;
	out->len = before;
	return false;
}

static void put_value(struct export_out *out, struct wire_slice value, bool defuses_formulas)
{
	const bool is_defused = defuses_formulas && is_formula(value);

	if (!is_defused && put_plain(out, value))
		return;
	const bool has_quotes = needs_quotes(value);
	if (has_quotes)
		export_out_char(out, '"');
	if (is_defused)
		export_out_char(out, '\'');
	for (size_t at = 0; at < value.len;) {
		at = put_run(out, value, at, true);
		if (at < value.len)
			at += put_next(out, value, at);
	}
	if (has_quotes)
		export_out_char(out, '"');
}

static void end_line(const struct export_csv *csv, struct export_out *out)
{
	if (csv->ends_crlf)
		export_out_char(out, '\r');
	export_out_char(out, '\n');
}

void export_csv_begin(struct export_csv *csv, struct export_out *out)
{
	if (csv->has_names)
		return;
	csv->has_names = true;
	for (const char *names = csv->names;; names++) {
		size_t len = name_len(names);

		put_value(out, wire_slice(names, len), csv->defuses_formulas);
		names += len;
		if (!*names)
			break;
		export_out_char(out, ',');
	}
	end_line(csv, out);
}

void export_csv_print(struct export_csv *csv, struct export_out *out, const struct wire_event *event,
		      const struct export_clients *clients)
{
	struct wire_slice value;

	export_csv_begin(csv, out);
	export_field_reader_begin(&csv->reader);
	for (size_t i = 0; i < csv->len; i++) {
		if (i > 0)
			export_out_char(out, ',');
		if (export_field_value(&csv->reader, &csv->fields[i], event, clients, &value))
			put_value(out, value, csv->defuses_formulas);
	}
	end_line(csv, out);
}
