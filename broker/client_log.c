#include "broker/client_log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "broker/client.h"
#include "wire/mask/masker.h"

enum { TEXT_BYTES = 2048 };

/* Mask the subjects that a text quotes. One that was cut off with the text may not be recognised: it is left out. */
static void mask(struct wire_masker *masker, char text[TEXT_BYTES], bool is_whole)
{
	char *blank = is_whole ? NULL : strrchr(text, ' ');
	if (blank)
		snprintf(blank, (size_t)(text + TEXT_BYTES - blank), " ...");
	struct wire_slice masked = wire_masker_text(masker, wire_slice_str(text));
	if (masked.data != text)
		snprintf(text, TEXT_BYTES, "%.*s", (int)masked.len, masked.data);
}

void broker__client_log(const struct broker_client *client, enum broker_log_level level, const char *format,
			...)
{
	const struct broker *broker = client->loop->broker;
	if (!broker_log_wants(broker->log, level))
		return;
	char text[TEXT_BYTES];
	va_list arguments;
	va_start(arguments, format);
	int len = vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	if (broker->masker)
		mask(broker->masker, text, (size_t)len < sizeof text);
	broker_log(broker->log, level, "%s - cid:%llu%s%s%s - %s", client->address,
		   (unsigned long long)client->cid, client->title ? " - \"" : "",
		   client->title ? client->title : "", client->title ? "\"" : "", text);
}
