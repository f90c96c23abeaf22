#include "broker/monitor/answer.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_CALLBACK = 128 };

static const int64_t MAX_NUMBER = (int64_t)1 << 50; /* more than any count will reach */

const char *broker__query(const struct broker__request *request, const char *name)
{
	const char *value = MHD_lookup_connection_value(request->connection, MHD_GET_ARGUMENT_KIND, name);
	return value ? value : "";
}

bool broker__query_int(const struct broker__request *request, const char *name, int64_t missing,
		       int64_t *value, struct broker__answer *answer)
{
	const char *text = broker__query(request, name);
	char *end;
	*value = missing;
	if (!*text)
		return true;
	errno = 0;
	*value = strtoll(text, &end, 10);
	*value = *value > MAX_NUMBER ? MAX_NUMBER : *value;
	if (!*end && !errno)
		return true;
	broker__answer_text(answer, MHD_HTTP_BAD_REQUEST,
			    "Error decoding int for '%s': \"%.40s\" is not a number", name, text);
	return false;
}

bool broker__query_bool(const struct broker__request *request, const char *name, bool *value,
			struct broker__answer *answer)
{
	const char *text = broker__query(request, name);
	*value = strcmp(text, "1") == 0 || strcasecmp(text, "t") == 0 || strcasecmp(text, "true") == 0;
	if (*value || !*text || strcmp(text, "0") == 0 || strcasecmp(text, "f") == 0 ||
	    strcasecmp(text, "false") == 0)
		return true;
	broker__answer_text(answer, MHD_HTTP_BAD_REQUEST,
			    "Error decoding boolean for '%s': \"%.40s\" is neither true nor false", name,
			    text);
	return false;
}

/* A JavaScript name, so that ?callback= cannot smuggle a script in. */
static bool is_callback(const char *name)
{
	size_t len = strlen(name);
	for (size_t i = 0; i < len; i++)
		if (!isalnum((unsigned char)name[i]) && !strchr("_$.", name[i]))
			return false;
	return len <= MAX_CALLBACK;
}

void broker__answer_text(struct broker__answer *answer, unsigned status, const char *format, ...)
{
	char *text = NULL;
	va_list arguments;
	va_start(arguments, format);
	if (vasprintf(&text, format, arguments) < 0)
		text = NULL;
	va_end(arguments);
	broker__json_fini(&answer->body);
	answer->status = status;
	answer->type = "text/plain; charset=utf-8";
	answer->body.is_failed = !text;
	broker__json_raw(&answer->body, wire_slice_str(text));
	free(text);
}

bool broker__answer_json(const struct broker__request *request, struct broker__answer *answer,
			 unsigned status)
{
	const char *callback = broker__query(request, "callback");
	if (!is_callback(callback)) {
		broker__answer_text(answer, MHD_HTTP_BAD_REQUEST, "callback is not the name of a function");
		return false;
	}
	answer->status = status;
	answer->type = *callback ? "application/javascript" : "application/json";
	answer->is_call = *callback;
	if (*callback) {
		broker__json_raw(&answer->body, wire_slice_str(callback));
		broker__json_raw(&answer->body, WIRE_LITERAL("("));
	}
	return true;
}

void broker__json_subscription(struct broker__json *json, const struct broker_subscription_info *info,
			       uint64_t cid)
{
	broker__json_text(json, "subject", info->subject);
	if (info->queue.len)
		broker__json_text(json, "qgroup", info->queue);
	broker__json_text(json, "sid", info->sid);
	broker__json_count(json, "msgs", info->delivered);
	if (info->max)
		broker__json_count(json, "max", info->max);
	broker__json_count(json, "cid", cid);
}
