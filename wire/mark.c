#include "wire/mark.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NS_PER_SECOND = 1000000000 };

static const char STEP[] = "clock step";
static const char CLUSTER[] = "cluster ";
static const char START[] = "start tapedeck", STOP[] = "stop tapedeck";

const char *wire_mark_step(char text[WIRE_MARK_TEXT], int64_t by_ns)
{
	uint64_t ns = by_ns < 0 ? 0 - (uint64_t)by_ns : (uint64_t)by_ns;
	snprintf(text, WIRE_MARK_TEXT, "%s %c%" PRIu64 ".%09" PRIu64 " s", STEP, by_ns < 0 ? '-' : '+',
		 ns / NS_PER_SECOND, ns % NS_PER_SECOND);
	return text;
}

/* "+3600.000000000 s". 0 when it is not of that form or does not fit. */
static int64_t read_amount(const char *text)
{
	uint64_t seconds, ns;
	int64_t amount;
	int end = 0;
	if (sscanf(text, "%*1[+-]%10" SCNu64 ".%9" SCNu64 " s%n", &seconds, &ns, &end) != 2 || end == 0 ||
	    text[end] != '\0')
		return 0;
	if (__builtin_mul_overflow(seconds, (uint64_t)NS_PER_SECOND, &amount) ||
	    __builtin_add_overflow(amount, ns, &amount))
		return 0;
	return text[0] == '-' ? -amount : amount;
}

bool wire_mark_is_step(struct wire_slice text, int64_t *by_ns)
{
	const size_t len = sizeof STEP - 1;
	char amount[40] = "";
	*by_ns = 0;
	if (text.len < len || memcmp(text.data, STEP, len) != 0)
		return false;
	if (text.len == len)
		return true;
	if (text.data[len] != ' ' || text.len - len - 1 >= sizeof amount)
		return false;
	memcpy(amount, text.data + len + 1, text.len - len - 1);
	*by_ns = read_amount(amount);
	return *by_ns != 0;
}

static bool begins_with(struct wire_slice text, const char *start)
{
	const size_t len = strlen(start);
	return text.len >= len && memcmp(text.data, start, len) == 0;
}

bool wire_mark_is_start(struct wire_slice text)
{
	return begins_with(text, START);
}

bool wire_mark_is_stop(struct wire_slice text)
{
	return begins_with(text, STOP);
}

const char *wire_mark_server(char text[WIRE_MARK_TEXT], const char *id)
{
	snprintf(text, WIRE_MARK_TEXT, "server %s", id);
	return text;
}

const char *wire_mark_cluster(char text[WIRE_MARK_TEXT], const char *name)
{
	snprintf(text, WIRE_MARK_TEXT, "%s%s", CLUSTER, name);
	return text;
}

bool wire_mark_is_cluster(struct wire_slice text, struct wire_slice *name)
{
	const size_t len = sizeof CLUSTER - 1;
	if (!begins_with(text, CLUSTER) || text.len == len)
		return false;
	*name = wire_slice(text.data + len, text.len - len);
	return true;
}

const char *wire_mark_remark(char text[WIRE_MARK_REMARK], struct wire_slice remark)
{
	const struct wire_slice word = WIRE_LITERAL("remark ");
	size_t len =
	    remark.len < WIRE_MARK_REMARK - 1 - word.len ? remark.len : WIRE_MARK_REMARK - 1 - word.len;
	memcpy(text, word.data, word.len);
	if (len > 0)
		memcpy(text + word.len, remark.data, len);
	text[word.len + len] = '\0';
	return text;
}
