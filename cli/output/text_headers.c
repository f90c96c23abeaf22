#include "cli/output/text_headers.h"

enum { LEAST_VALUE = 6, AROUND = 7 /* {KEY: VALUE, …} */ };

static size_t columns_of(struct wire_slice key, struct wire_slice value, size_t most)
{
	size_t columns = export_escape_columns(key, most) + 2;

	return columns > most ? columns : columns + export_escape_columns(value, most - columns);
}

static void add_columns(struct cli_text_headers *found, struct wire_slice key, struct wire_slice value,
			size_t most)
{
	if (found->columns == 0)
		found->least = export_escape_columns(key, key.len) + LEAST_VALUE + AROUND;
	if (found->columns > most)
		return;
	found->columns += 2; /* the braces; a comma and a blank */
	if (found->columns <= most)
		found->columns += columns_of(key, value, most - found->columns);
	if (found->columns > most)
		found->columns = most + 1;
}

void cli_text_headers_look(struct cli_text_headers *found, struct wire_slice block, size_t most)
{
	struct wire_headers headers;
	struct wire_slice key, value;
	int status = wire_headers_open(&headers, block);

	*found = (struct cli_text_headers){0};
	while (status >= 0 && (status = wire_headers_next(&headers, &key, &value)) > 0)
		add_columns(found, key, value, most);
	found->is_valid = status == 0;
	if (found->is_valid) {
		found->status = headers.status;
		found->text = headers.text;
	}
}

static void put_pair(struct cli_row *row, struct wire_slice key, struct wire_slice value, size_t most)
{
	size_t end = row->used + most;

	cli_row_put(row, CLI_DIM, key, most);
	if (row->used + 2 > end)
		return;
	cli_row_text(row, CLI_DIM, ": ");
	cli_row_put(row, CLI_DIM, value, end - row->used);
}

void cli_text_headers_put(struct cli_row *row, struct wire_slice block, size_t most, bool fits)
{
	const size_t last = 3;             /* columns of ", …" */
	size_t end = row->used + most - 1; /* of the closing brace */
	struct wire_headers headers;
	struct wire_slice key, value;

	wire_headers_open(&headers, block);
	for (size_t i = 0; wire_headers_next(&headers, &key, &value) > 0; i++) {
		size_t room = end - row->used;

		if (!fits && i > 0 && columns_of(key, value, room) + last + 2 > room) {
			cli_row_text(row, CLI_DIM, ", …");
			break;
		}
		cli_row_text(row, CLI_DIM, i > 0 ? ", " : "{");
		put_pair(row, key, value, end - row->used - (fits ? 0 : last));
	}
	cli_row_text(row, CLI_DIM, "}");
}

bool cli_text_status_is_bare(struct wire_slice status, struct wire_slice text)
{
	return text.len == 0 && wire_slice_equal(status, WIRE_LITERAL("503"));
}

void cli_text_status(struct cli_row *row, enum cli_color color, struct wire_slice status,
		     struct wire_slice text)
{
	if (cli_text_status_is_bare(status, text)) {
		cli_row_text(row, color, "no responders");
		return;
	}
	cli_row_put(row, color, status, CLI_ROW_ENDLESS);
	cli_row_text(row, color, text.len ? " " : "");
	cli_row_put(row, color, text, CLI_ROW_ENDLESS);
}
