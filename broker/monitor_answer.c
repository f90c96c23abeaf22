/* monitor_answer.c - queries, JSON values and answers of the monitoring pages. */
#include "broker/monitor_answer.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MAX_CALLBACK = 128 };

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
	va_list arguments;
	va_start(arguments, format);
	free(answer->body);
	answer->status = status;
	answer->type = "text/plain; charset=utf-8";
	if (vasprintf(&answer->body, format, arguments) < 0)
		answer->body = NULL;
	va_end(arguments);
}

void broker__answer_json(const struct broker__request *request, struct broker__answer *answer,
			 unsigned status, json_t *json, bool is_compact)
{
	const char *callback = broker__query(request, "callback");
	size_t layout = is_compact ? JSON_COMPACT : JSON_INDENT(2);
	if (!is_callback(callback)) {
		json_decref(json);
		broker__answer_text(answer, MHD_HTTP_BAD_REQUEST, "callback is not the name of a function");
		return;
	}
	char *text = json ? json_dumps(json, layout | JSON_PRESERVE_ORDER) : NULL;
	json_decref(json);
	answer->status = status;
	answer->type = *callback ? "application/javascript" : "application/json";
	answer->body = text;
	if (*callback && text) {
		if (asprintf(&answer->body, "%s(%s)", callback, text) < 0)
			answer->body = NULL;
		free(text);
	}
}

json_t *broker__json_text(const char *text, size_t len)
{
	json_t *json = json_stringn(text, len);
	if (json)
		return json;
	char *copy = malloc(len + 1);
	if (!copy)
		return NULL;
	for (size_t i = 0; i < len; i++)
		copy[i] = text[i] & 0x80 ? '?' : text[i];
	json = json_stringn(copy, len);
	free(copy);
	return json;
}

json_t *broker__json_time(int64_t time_ns)
{
	time_t seconds = (time_t)(time_ns / 1000000000);
	struct tm utc;
	char text[64];
	gmtime_r(&seconds, &utc);
	size_t len = strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &utc);
	snprintf(text + len, sizeof text - len, ".%09dZ", (int)(time_ns % 1000000000));
	return json_string(text);
}

json_t *broker__json_uptime(int64_t duration_ns)
{
	long long s = duration_ns > 0 ? duration_ns / 1000000000 : 0;
	long long m = s / 60, h = m / 60, d = h / 24, y = d / 365;
	if (y)
		return json_sprintf("%lldy%lldd%lldh%lldm%llds", y, d % 365, h % 24, m % 60, s % 60);
	if (d)
		return json_sprintf("%lldd%lldh%lldm%llds", d, h % 24, m % 60, s % 60);
	if (h)
		return json_sprintf("%lldh%lldm%llds", h, m % 60, s % 60);
	return m ? json_sprintf("%lldm%llds", m, s % 60) : json_sprintf("%llds", s);
}

json_t *broker__json_rtt(int64_t duration_ns)
{
	long long ns = duration_ns;
	char text[64];
	if (ns <= 0)
		return json_string("0s");
	if (ns < 1000)
		return json_sprintf("%lldns", ns);
	if (ns < 1000000)
		return json_sprintf("%lld\xc2\xb5s", ns / 1000);
	if (ns >= 60000000000)
		return broker__json_uptime(ns);
	snprintf(text, sizeof text, "%.9g%s", ns < 1000000000 ? (double)ns / 1e6 : (double)ns / 1e9,
		 ns < 1000000000 ? "ms" : "s");
	return json_string(text);
}
