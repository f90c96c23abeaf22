#include "net/client/libnats_error.h"

#include <string.h>

/* libnats begins with the place in its source: "(conn.c:2088): No server …" */
const char *net__libnats_error(natsStatus status)
{
	const char *text = nats_GetLastError(NULL), *place = text ? strstr(text, "): ") : NULL;

	if (place && text[0] == '(')
		text = place + 3;
	return text && *text ? text : natsStatus_GetText(status);
}
