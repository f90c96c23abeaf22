#include "tap/session/nats_start.h"

enum { WEAK_MAX = 16 }; /* weak operations before the first other one */

/* An operation that was examined. */
struct look {
	enum wire_verb verb;
	size_t len;  /* when it is NATS */
	size_t need; /* when it is incomplete */
};

static bool is_credible(uint32_t verbs, struct wire_slice line, const struct wire_op *op)
{
	if (line.data[line.len - 2] != '\r' || !tap__is_allowed(verbs, op))
		return false;
	for (size_t i = 0; i < op->subject.len; i++)
		if ((unsigned char)op->subject.data[i] <= ' ' || op->subject.data[i] == 0x7f)
			return false;
	return true;
}

/* Examine the operation that the bytes begin with. */
static enum tap__start_verdict look_at(uint32_t verbs, const struct wire_limits *limits,
				       struct wire_slice bytes, struct look *look)
{
	struct wire_op op;
	size_t body;
	int64_t line = wire_parse_line(bytes.data, bytes.len, limits, &op, &body, &look->need);
	if (line == 0)
		return TAP__START_INCOMPLETE;
	if (line < 2 || !is_credible(verbs, wire_slice(bytes.data, (size_t)line), &op))
		return TAP__START_OTHER;
	look->verb = op.verb;
	look->len = look->need = (size_t)line + body;
	if (bytes.len < look->len)
		return TAP__START_INCOMPLETE;
	return memcmp(bytes.data + look->len - 2, "\r\n", 2) == 0 ? TAP__START_NATS : TAP__START_OTHER;
}

enum tap__start_verdict tap__nats_start_check(uint32_t verbs, const struct wire_limits *limits,
					      struct wire_slice bytes, size_t *need)
{
	bool is_strong = false;
	size_t at = 0;
	for (int count = 0; count < 2 || !is_strong; count++) {
		struct look look = {0};
		enum tap__start_verdict verdict = TAP__START_OTHER;
		if (count < WEAK_MAX)
			verdict = look_at(verbs, limits, wire_slice(bytes.data + at, bytes.len - at), &look);
		*need = at + look.need;
		if (verdict != TAP__START_NATS || look.verb == WIRE_INFO || look.verb == WIRE_CONNECT)
			return verdict;
		is_strong = is_strong || !tap__is_weak(look.verb);
		at += look.len;
	}
	return TAP__START_NATS;
}
