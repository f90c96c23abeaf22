#include "broker/client_log.h"

#include <stdarg.h>
#include <stdio.h>

#include "broker/client.h"

void broker__client_log(const struct broker_client *client, enum broker_log_level level, const char *format,
			...)
{
	const struct broker *broker = client->loop->broker;
	if (!broker_log_wants(broker->log, level))
		return;
	char text[2048];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	broker_log(broker->log, level, "%s - cid:%llu%s%s%s - %s", client->address,
		   (unsigned long long)client->cid, client->title ? " - \"" : "",
		   client->title ? client->title : "", client->title ? "\"" : "", text);
}
