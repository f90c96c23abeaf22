#include "demo/message.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static int64_t clock_ns(clockid_t id)
{
	struct timespec now;
	clock_gettime(id, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int64_t demo_wall_ns(void)
{
	return clock_ns(CLOCK_REALTIME);
}

int64_t demo_steady_ns(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

unsigned demo_key_number(const char *key)
{
	size_t digits = strcspn(key, "0123456789");
	return (unsigned)strtoul(key + digits, NULL, 10);
}

static void copy_header(natsMsg *msg, const char *name, char *out, size_t size)
{
	const char *value;
	if (natsMsgHeader_Get(msg, name, &value) == NATS_OK && value)
		snprintf(out, size, "%s", value);
}

static void copy_field(json_t *body, const char *name, char *out, size_t size)
{
	const char *value = json_string_value(json_object_get(body, name));
	if (value)
		snprintf(out, size, "%s", value);
}

void demo_message_init(struct demo_message *message, natsMsg *msg)
{
	*message = (struct demo_message){.msg = msg, .received_ns = demo_wall_ns()};
	message->body = json_loadb(natsMsg_GetData(msg), (size_t)natsMsg_GetDataLength(msg), 0, NULL);
	message->context = demo_context_read(msg);
	copy_header(msg, DEMO_ID_HEADER, message->id, sizeof(message->id));
	copy_header(msg, DEMO_WORKFLOW_HEADER, message->workflow, sizeof(message->workflow));
	copy_field(message->body, "workflow_id", message->workflow, sizeof(message->workflow));
	copy_field(message->body, "order_id", message->order, sizeof(message->order));
	copy_field(message->body, "region", message->region, sizeof(message->region));
}

void demo_message_fini(struct demo_message *message)
{
	json_decref(message->body);
	natsMsg_Destroy(message->msg);
}
