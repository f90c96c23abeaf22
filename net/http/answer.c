#include "net/http/answer.h"

#include <microhttpd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *net_http_query(const struct net_http_request *request, const char *name)
{
	const char *value = MHD_lookup_connection_value(request->connection, MHD_GET_ARGUMENT_KIND, name);
	return value ? value : "";
}

void net_http_body_add(struct net_http_body *body, struct wire_slice text)
{
	if (body->len + text.len > body->cap) {
		size_t cap = (body->len + text.len) * 2;
		char *grown = realloc(body->text, cap);
		body->is_failed |= !grown;
		if (!grown)
			return;
		body->text = grown;
		body->cap = cap;
	}
	if (text.len > 0)
		memcpy(body->text + body->len, text.data, text.len);
	body->len += text.len;
}

void net_http_body_fini(struct net_http_body *body)
{
	free(body->text);
	*body = (struct net_http_body){0};
}

void net_http_answer_text(struct net_http_answer *answer, unsigned status, const char *format, ...)
{
	char *text = NULL;
	va_list arguments;
	va_start(arguments, format);
	if (vasprintf(&text, format, arguments) < 0)
		text = NULL;
	va_end(arguments);
	net_http_body_fini(&answer->body);
	answer->status = status;
	answer->type = "text/plain; charset=utf-8";
	answer->body.is_failed = !text;
	net_http_body_add(&answer->body, wire_slice_str(text));
	free(text);
}
