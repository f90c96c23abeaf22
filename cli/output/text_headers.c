#include "cli/output/text_headers.h"

#include "wire/headers.h"

bool cli_text_headers_are_valid(struct wire_slice block)
{
	struct wire_headers headers;
	struct wire_slice key, value;
	int status = wire_headers_open(&headers, block);

	while (status >= 0 && (status = wire_headers_next(&headers, &key, &value)) > 0)
		;
	return status == 0;
}

static size_t columns_of(struct wire_slice key, struct wire_slice value, size_t most)
{
	size_t columns = cli_escape_columns(key, most) + 2;

	return columns > most ? columns : columns + cli_escape_columns(value, most - columns);
}

size_t cli_text_headers_columns(struct wire_slice block, size_t most)
{
	struct wire_headers headers;
	struct wire_slice key, value;
	size_t used = 0;

	wire_headers_open(&headers, block);
	while (wire_headers_next(&headers, &key, &value) > 0) {
		used += 2; /* the braces; a comma and a blank */
		if (used <= most)
			used += columns_of(key, value, most - used);
		if (used > most)
			return most + 1;
	}
	return used;
}

size_t cli_text_headers_least(struct wire_slice block)
{
	const size_t value_least = 6, around = 7; /* {KEY: VALUE, …} */
	struct wire_headers headers;
	struct wire_slice key, value;

	wire_headers_open(&headers, block);
	if (wire_headers_next(&headers, &key, &value) <= 0)
		return 0;
	return cli_escape_columns(key, key.len) + value_least + around;
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

void cli_text_headers(struct cli_row *row, struct wire_slice block, size_t most)
{
	const size_t last = 3; /* columns of ", …" */
	bool fits = cli_text_headers_columns(block, most) <= most;
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
	if (cli_text_headers_columns(block, most) > 0)
		cli_row_text(row, CLI_DIM, "}");
}
