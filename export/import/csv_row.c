#include "export/import/csv_row.h"

#include <errno.h>
#include <stdlib.h>
#include <strings.h>

#include "export/import/text_file.h"
#include "export/import/values.h"

enum column {
	COLUMN_OTHER,
	COLUMN_TIME,
	COLUMN_SUBJECT,
	COLUMN_REPLY,
	COLUMN_PAYLOAD,
	COLUMN_PAYLOAD_BASE64,
	COLUMN_CLIENT,
	COLUMN_SIZE,
	COLUMN_RECEIVERS,
	COLUMN_KIND,
	COLUMN_HEADER,
};

static const struct {
	const char *name;
	enum column column;
} names[] = {
    {"time", COLUMN_TIME},     {"time.unix", COLUMN_TIME},
    {"time.ns", COLUMN_TIME},  {"timestamp", COLUMN_TIME},
    {"ts", COLUMN_TIME},       {"subject", COLUMN_SUBJECT},
    {"reply", COLUMN_REPLY},   {"payload", COLUMN_PAYLOAD},
    {"body", COLUMN_PAYLOAD},  {"data", COLUMN_PAYLOAD},
    {"client", COLUMN_CLIENT}, {"payload_base64", COLUMN_PAYLOAD_BASE64},
    {"size", COLUMN_SIZE},     {"receivers", COLUMN_RECEIVERS},
    {"kind", COLUMN_KIND},
};

/* ---- values ---- */

/* The values of a row that are not read yet. */
struct rest {
	struct wire_slice row; /* row.data is NULL after the last value */
	char *scratch;         /* for values without their quotes */
	size_t values;         /* that were read */
};

/* Make room to take the quotes off the values of a row. */
static int begin_row(struct rest *rest, struct export__csv_columns *columns, struct wire_slice row,
		     struct wire_fault *fault)
{
	int error = export__reserve(&columns->scratch, &columns->scratch_cap, row.len);

	*rest = (struct rest){.row = row, .scratch = columns->scratch};
	return error ? wire_fault_set(fault, error, "out of memory") : 0;
}

/* A value in quotes, in which quotes are doubled, without them. */
static struct wire_slice next_quoted(struct rest *rest)
{
	struct wire_slice *row = &rest->row;
	char *text = rest->scratch;
	size_t len = 0, at = 1;

	for (; at < row->len; at++) {
		if (row->data[at] == '"' && (++at >= row->len || row->data[at] != '"'))
			break;
		text[len++] = row->data[at];
	}
	rest->scratch += len;
	*row = wire_slice(row->data + at, row->len - at);
	return wire_slice(text, len);
}

/* Take the next value and its comma. 0, or WIRE_EARGUMENT with *fault. */
static int next_value(struct rest *rest, struct wire_slice *value, struct wire_fault *fault)
{
	struct wire_slice *row = &rest->row;

	rest->values++;
	if (row->len > 0 && row->data[0] == '"') {
		*value = next_quoted(rest);
	} else {
		const char *comma = row->len > 0 ? memchr(row->data, ',', row->len) : NULL;
		*value = wire_slice(row->data, comma ? (size_t)(comma - row->data) : row->len);
		*row = wire_slice(row->data + value->len, row->len - value->len);
	}
	if (row->len > 0 && row->data[0] != ',')
		return wire_fault_set(
		    fault, WIRE_EARGUMENT,
		    "value %zu: text after the closing quote: a quote in a value in quotes is "
		    "doubled",
		    rest->values);
	*row = row->len > 0 ? wire_slice(row->data + 1, row->len - 1) : wire_slice(NULL, 0);
	return 0;
}

/* Without the ' that export puts before what a spreadsheet would execute, and before a value that looks as if it had one. */
static struct wire_slice without_guard(struct wire_slice value)
{
	size_t quotes = 0;

	while (quotes < value.len && value.data[quotes] == '\'')
		quotes++;
	if (quotes == 0 || quotes == value.len || !value.data[quotes] ||
	    !strchr("=+-@\t\r", value.data[quotes]))
		return value;
	return wire_slice(value.data + 1, value.len - 1);
}

/* ---- the names ---- */

static bool is_name(struct wire_slice text, const char *name)
{
	return text.len == strlen(name) && strncasecmp(text.data, name, text.len) == 0;
}

static int add_column(struct export__csv_columns *columns, struct wire_slice name)
{
	const struct wire_slice header = WIRE_LITERAL("header.");

	if (columns->len == columns->cap) {
		size_t cap = columns->cap ? columns->cap * 2 : 16;
		struct export__csv_column *list = realloc(columns->list, cap * sizeof(*list));
		if (!list)
			return -ENOMEM;
		columns->list = list;
		columns->cap = cap;
	}
	struct export__csv_column *column = &columns->list[columns->len++];
	*column = (struct export__csv_column){.kind = COLUMN_OTHER};
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (is_name(name, names[i].name))
			column->kind = names[i].column;
	if (name.len <= header.len || strncasecmp(name.data, header.data, header.len) != 0)
		return 0;
	column->kind = COLUMN_HEADER;
	column->header = strndup(name.data + header.len, name.len - header.len);
	return column->header ? 0 : -ENOMEM;
}

static bool has_column(const struct export__csv_columns *columns, enum column kind)
{
	for (size_t i = 0; i < columns->len; i++)
		if (columns->list[i].kind == (int)kind)
			return true;
	return false;
}

int export__csv_columns_read(struct export__csv_columns *columns, struct wire_slice row,
			     struct wire_fault *fault)
{
	struct wire_slice name;
	struct rest rest;
	int error = begin_row(&rest, columns, row, fault);

	while (!error && rest.row.data && (error = next_value(&rest, &name, fault)) == 0)
		if (add_column(columns, name) != 0)
			error = wire_fault_set(fault, -ENOMEM, "out of memory");
	if (error)
		return error;
	if (!has_column(columns, COLUMN_SUBJECT))
		return wire_fault_set(fault, WIRE_EARGUMENT,
				      "the first row names the columns, and none of them is \"subject\"");
	return 0;
}

void export__csv_columns_fini(struct export__csv_columns *columns)
{
	for (size_t i = 0; i < columns->len; i++)
		free(columns->list[i].header);
	free(columns->list);
	free(columns->scratch);
	*columns = (struct export__csv_columns){0};
}

/* ---- rows ---- */

static int bad_value(struct wire_fault *fault, const char *column, struct wire_slice value)
{
	return wire_fault_set(fault, WIRE_EARGUMENT, "column \"%s\": \"%.*s\" is none", column,
			      value.len < 40 ? (int)value.len : 40, value.data);
}

static int read_header(struct export__made_event *made, const char *key, struct wire_slice value,
		       struct wire_fault *fault)
{
	int error = 0;

	if (value.len == 0)
		return 0;
	if (made->headers_len == 0)
		error = export__made_header_begin(made, wire_slice(NULL, 0), wire_slice(NULL, 0));
	if (!error)
		error = export__made_header(made, wire_slice_str(key), value);
	return error ? wire_fault_set(fault, error, "column \"header.%s\": %s", key, wire_error_text(error))
		     : 0;
}

/* A value of a column that may be empty. */
static int read_number(struct export__made_event *made, enum column column, struct wire_slice value,
		       struct wire_fault *fault)
{
	uint64_t number;

	if (value.len == 0)
		return 0;
	if (!export__value_count(value, &number) || (column == COLUMN_RECEIVERS && number > UINT32_MAX))
		return bad_value(fault, column == COLUMN_SIZE ? "size" : "receivers", value);
	if (column == COLUMN_SIZE) {
		made->has_size = true;
		made->event.size = number;
	} else {
		made->has_receivers = true;
		made->event.receiver_count = (uint32_t)number;
	}
	return 0;
}

static int read_text(struct export__made_event *made, enum column column, struct wire_slice value,
		     struct wire_fault *fault)
{
	value = without_guard(value);
	switch (column) {
	case COLUMN_SUBJECT: made->event.subject = value; break;
	case COLUMN_REPLY: made->event.reply = value; break;
	case COLUMN_CLIENT: made->client_name = value; break;
	case COLUMN_PAYLOAD:
		if (made->event.payload.len == 0)
			made->event.payload = value;
		break;
	case COLUMN_PAYLOAD_BASE64:
		if (value.len > 0 && !export__made_base64(made, value, &made->event.payload))
			return bad_value(fault, "payload_base64", value);
		break;
	default: break;
	}
	return 0;
}

static int read_value(struct export__made_event *made, const struct export__csv_column *column,
		      struct wire_slice value, struct wire_fault *fault)
{
	switch ((enum column)column->kind) {
	case COLUMN_TIME:
		if (value.len == 0 || made->has_time)
			return 0;
		made->has_time = export__value_time(value, &made->event.time_ns);
		return made->has_time ? 0 : bad_value(fault, "time", value);
	case COLUMN_SIZE:
	case COLUMN_RECEIVERS: return read_number(made, (enum column)column->kind, value, fault);
	case COLUMN_HEADER: return read_header(made, column->header, without_guard(value), fault);
	case COLUMN_KIND: made->has_kind = is_name(value, "message") || value.len == 0; return 0;
	case COLUMN_OTHER: return 0;
	default: return read_text(made, (enum column)column->kind, value, fault);
	}
}

int export__csv_row_read(struct export__csv_columns *columns, struct export__made_event *made,
			 struct wire_slice row, struct wire_fault *fault)
{
	struct wire_slice value;
	struct rest rest;
	int error = begin_row(&rest, columns, row, fault);

	if (!error && export__made_begin(made, row.len) != 0)
		error = wire_fault_set(fault, -ENOMEM, "out of memory");
	made->has_kind = made->is_foreign = true;
	while (!error && rest.row.data && (error = next_value(&rest, &value, fault)) == 0) {
		if (rest.values > columns->len)
			return wire_fault_set(fault, WIRE_EARGUMENT,
					      "more values than the %zu columns of the first row",
					      columns->len);
		error = read_value(made, &columns->list[rest.values - 1], value, fault);
	}
	if (!error && !made->has_kind)
		return 0;
	if (made->client_name.len == 0)
		made->event.flags |= WIRE_EVENT_PUBLISHER_UNKNOWN;
	error = error ? error : export__made_finish(made, fault);
	return error ? error : 1;
}
