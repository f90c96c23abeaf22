#include "export/text/conn_text.h"

#include <inttypes.h>
#include <stdio.h>

#include "wire/conn.h"

const char *export_conn_text(char text[EXPORT_CONN_TEXT], uint64_t conn)
{
	const uint32_t input = wire_conn_input(conn, UINT32_MAX);

	if (input == UINT32_MAX)
		snprintf(text, EXPORT_CONN_TEXT, "#%" PRIu64, conn);
	else
		snprintf(text, EXPORT_CONN_TEXT, "#%" PRIu64 "@%" PRIu32, wire_conn_number(conn), input + 1);
	return text;
}
