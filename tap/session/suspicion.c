#include "tap/session/suspicion.h"

enum { WEAK_MAX = 16 }; /* operations that say nothing, ahead of the first that does */

/* An operation that was looked at. */
struct look {
	enum wire_verb verb;
	size_t len;  /* when right */
	size_t need; /* when open */
};

static bool is_credible(uint32_t verbs, struct wire_slice line, const struct wire_op *op)
{
	if (line.data[line.len - 2] != '\r' || !tap__is_sayable(verbs, op))
		return false;
	for (size_t i = 0; i < op->subject.len; i++)
		if ((unsigned char)op->subject.data[i] <= ' ' || op->subject.data[i] == 0x7f)
			return false;
	return true;
}

/* The operation that bytes begin with. */
static enum tap__verdict look_at(uint32_t verbs, const struct wire_limits *limits, struct wire_slice bytes,
				 struct look *look)
{
	struct wire_op op;
	size_t body;
	int64_t line = wire_parse_line(bytes.data, bytes.len, limits, &op, &body, &look->need);
	if (line == 0)
		return TAP__OPEN;
	if (line < 2 || !is_credible(verbs, wire_slice(bytes.data, (size_t)line), &op))
		return TAP__WRONG;
	look->verb = op.verb;
	look->len = look->need = (size_t)line + body;
	if (bytes.len < look->len)
		return TAP__OPEN;
	return memcmp(bytes.data + look->len - 2, "\r\n", 2) == 0 ? TAP__RIGHT : TAP__WRONG;
}

enum tap__verdict tap__suspicion_judge(uint32_t verbs, const struct wire_limits *limits,
				       struct wire_slice bytes, size_t *need)
{
	bool is_strong = false;
	size_t at = 0;
	for (int count = 0; count < 2 || !is_strong; count++) {
		struct look look = {0};
		enum tap__verdict verdict = TAP__WRONG;
		if (count < WEAK_MAX)
			verdict = look_at(verbs, limits, wire_slice(bytes.data + at, bytes.len - at), &look);
		*need = at + look.need;
		if (verdict != TAP__RIGHT || look.verb == WIRE_INFO || look.verb == WIRE_CONNECT)
			return verdict;
		is_strong = is_strong || !tap__is_weak(look.verb);
		at += look.len;
	}
	return TAP__RIGHT;
}
