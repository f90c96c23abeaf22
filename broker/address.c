#include "broker/address.h"

#include <stdio.h>
#include <string.h>

const char *broker__address_text(char *text, size_t size, const char *host, int port)
{
	snprintf(text, size, strchr(host, ':') ? "[%s]:%d" : "%s:%d", host, port);
	return text;
}
