#include "cli/output/row.h"

#include <stdarg.h>
#include <stdio.h>

void cli_row_put(struct cli_row *row, enum cli_color color, struct wire_slice text, size_t most)
{
	size_t left = row->columns - row->used;

	if (text.len == 0 || left == 0)
		return;
	cli_color_put(row->out, row->color && color != CLI_PLAIN, color);
	row->used += export_escape_put(row->out, text, most < left ? most : left);
	cli_color_put(row->out, row->color && color != CLI_PLAIN, CLI_PLAIN);
}

void cli_row_put_ends(struct cli_row *row, enum cli_color color, struct wire_slice text, size_t most,
		      size_t tail)
{
	size_t left = cli_row_left(row);

	if (text.len == 0 || left == 0)
		return;
	cli_color_put(row->out, row->color && color != CLI_PLAIN, color);
	row->used += export_escape_put_ends(row->out, text, most < left ? most : left, tail);
	cli_color_put(row->out, row->color && color != CLI_PLAIN, CLI_PLAIN);
}

void cli_row_text(struct cli_row *row, enum cli_color color, const char *text)
{
	cli_row_put(row, color, wire_slice_str(text), row->columns);
}

void cli_row_format(struct cli_row *row, enum cli_color color, const char *format, ...)
{
	char text[500];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	cli_row_text(row, color, text);
}

void cli_row_client(struct cli_row *row, const struct wire_client *client)
{
	cli_row_put(row, CLI_PLAIN, client->address, CLI_ROW_ENDLESS);
	if (client->address.len > 0 && client->lang.len + client->version.len > 0)
		cli_row_text(row, CLI_DIM, ", ");
	cli_row_put(row, CLI_PLAIN, client->lang, CLI_ROW_ENDLESS);
	cli_row_text(row, CLI_PLAIN, client->lang.len > 0 && client->version.len > 0 ? " " : "");
	cli_row_put(row, CLI_PLAIN, client->version, CLI_ROW_ENDLESS);
}

void cli_row_fill(struct cli_row *row, size_t column)
{
	if (column > row->columns)
		column = row->columns;
	if (row->used >= column)
		return;
	export_out_spaces(row->out, column - row->used);
	row->used = column;
}

void cli_row_rest(struct cli_row *row, struct wire_slice text)
{
	bool is_endless = row->columns == CLI_ROW_ENDLESS;

	export_escape_put(row->out, text, is_endless ? EXPORT_UNCLIPPED : row->columns - row->used);
}

void cli_row_end(struct cli_row *row)
{
	export_out_char(row->out, '\n');
	row->used = 0;
}
