#include "broker/monitor/answer.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_CALLBACK = 128 };

static const int64_t MAX_NUMBER = (int64_t)1 << 50; /* more than any count will reach */

bool broker__query_int(const struct net_http_request *request, const char *name, int64_t missing,
		       int64_t *value, struct net_http_answer *answer)
{
	const char *text = net_http_query(request, name);
	char *end;
	*value = missing;
	if (!*text)
		return true;
	errno = 0;
	*value = strtoll(text, &end, 10);
	*value = *value > MAX_NUMBER ? MAX_NUMBER : *value;
	if (!*end && !errno)
		return true;
	net_http_answer_text(answer, NET_HTTP_BAD_REQUEST,
			     "Error decoding int for '%s': \"%.40s\" is not a number", name, text);
	return false;
}

bool broker__query_bool(const struct net_http_request *request, const char *name, bool *value,
			struct net_http_answer *answer)
{
	const char *text = net_http_query(request, name);
	*value = strcmp(text, "1") == 0 || strcasecmp(text, "t") == 0 || strcasecmp(text, "true") == 0;
	if (*value || !*text || strcmp(text, "0") == 0 || strcasecmp(text, "f") == 0 ||
	    strcasecmp(text, "false") == 0)
		return true;
	net_http_answer_text(answer, NET_HTTP_BAD_REQUEST,
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

bool broker__answer_json(const struct net_http_request *request, struct net_http_answer *answer,
			 unsigned status, struct broker__json *json)
{
	const char *callback = net_http_query(request, "callback");
	if (!is_callback(callback)) {
		net_http_answer_text(answer, NET_HTTP_BAD_REQUEST, "callback is not the name of a function");
		return false;
	}
	answer->status = status;
	answer->type = *callback ? "application/javascript" : "application/json";
	*json = (struct broker__json){.body = &answer->body};
	if (*callback) {
		net_http_body_add(&answer->body, wire_slice_str(callback));
		net_http_body_add(&answer->body, WIRE_LITERAL("("));
		answer->tail = ")";
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
