#include "broker/address.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *broker__address_text(char *text, size_t size, const char *host, int port)
{
	snprintf(text, size, strchr(host, ':') ? "[%s]:%d" : "%s:%d", host, port);
	return text;
}

/* A port number, or an empty text. */
static bool read_port(const char *text, int missing_port, int *port)
{
	char *end;
	long number = strtol(text, &end, 10);
	*port = number > 0 ? (int)number : missing_port;
	return !*end && number >= -1 && number <= 65535;
}

bool broker__address_split(const char *text, int missing_port, char *host, int *port)
{
	bool is_bracketed = text[0] == '[';
	const char *host_end = is_bracketed ? strchr(text, ']') : strchrnul(text, ':');
	if (!host_end)
		return false;
	const char *rest = host_end + is_bracketed;
	size_t len = (size_t)(host_end - text) - is_bracketed;
	if (len >= BROKER__HOST_TEXT || (*rest && *rest != ':') || strchr(*rest ? rest + 1 : rest, ':'))
		return false;
	memcpy(host, text + is_bracketed, len);
	host[len] = '\0';
	return read_port(*rest ? rest + 1 : rest, missing_port, port);
}
