#include "demo/trace_context.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t random_64(void)
{
	uint64_t bits;
	arc4random_buf(&bits, sizeof(bits));
	return bits;
}

static void new_span(struct demo_context *context)
{
	snprintf(context->span, sizeof(context->span), "%016llx", (unsigned long long)random_64());
}

struct demo_context demo_context_new(enum demo_context_style style)
{
	struct demo_context context = {.style = style};
	if (style == DEMO_NO_CONTEXT)
		return context;
	snprintf(context.trace, sizeof(context.trace), "%016llx%016llx", (unsigned long long)random_64(),
		 (unsigned long long)random_64());
	new_span(&context);
	return context;
}

struct demo_context demo_context_child(const struct demo_context *context)
{
	struct demo_context child = *context;
	if (context->style == DEMO_NO_CONTEXT)
		return child;
	memcpy(child.parent, context->span, sizeof(child.parent));
	new_span(&child);
	return child;
}

/* The value of a header, or "" */
static const char *header(natsMsg *msg, const char *name)
{
	const char *value;
	return natsMsgHeader_Get(msg, name, &value) == NATS_OK && value ? value : "";
}

struct demo_context demo_context_read(natsMsg *msg)
{
	struct demo_context context = {0};
	if (sscanf(header(msg, "traceparent"), "00-%32[0-9a-f]-%16[0-9a-f]-", context.trace, context.span) ==
	    2)
		context.style = DEMO_TRACEPARENT;
	else if (sscanf(header(msg, "b3"), "%32[0-9a-f]-%16[0-9a-f]-", context.trace, context.span) == 2)
		context.style = DEMO_B3;
	else if (sscanf(header(msg, "uber-trace-id"), "%32[0-9a-f]:%16[0-9a-f]:", context.trace,
			context.span) == 2)
		context.style = DEMO_UBER;
	return context;
}

natsStatus demo_context_write(const struct demo_context *context, natsMsg *msg)
{
	char value[80];
	switch (context->style) {
	case DEMO_TRACEPARENT:
		snprintf(value, sizeof(value), "00-%s-%s-01", context->trace, context->span);
		return natsMsgHeader_Set(msg, "traceparent", value);
	case DEMO_B3:
		snprintf(value, sizeof(value), "%s-%s-1%s%s", context->trace, context->span,
			 context->parent[0] ? "-" : "", context->parent);
		return natsMsgHeader_Set(msg, "b3", value);
	case DEMO_UBER:
		snprintf(value, sizeof(value), "%s:%s:%s:1", context->trace, context->span,
			 context->parent[0] ? context->parent : "0");
		return natsMsgHeader_Set(msg, "uber-trace-id", value);
	case DEMO_NO_CONTEXT: break;
	}
	return NATS_OK;
}
