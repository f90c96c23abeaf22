#include "tap/suspicion.h"

enum {
	CONTROL_LINE_MAX = 4096, /* the default of servers; not at the start, where INFO and CONNECT are */
	WEAK_MAX = 16,           /* operations that say nothing, ahead of the first that does */
	REST_MAX = 64,           /* operations that are looked at behind those that restore trust */
};

/* An operation that was looked at. */
struct look {
	enum wire_verb verb;
	size_t len;  /* when right */
	size_t need; /* when open */
};

static bool is_credible(const struct tap__suspicion *suspicion, struct wire_slice line,
			const struct wire_op *op)
{
	const char *name = wire_verb_name(op->verb);
	if (memcmp(line.data, name, strlen(name)) != 0 || line.data[line.len - 2] != '\r' ||
	    !tap__is_sayable(suspicion->verbs, op))
		return false;
	for (size_t i = 0; i < op->subject.len; i++)
		if ((unsigned char)op->subject.data[i] <= ' ' || op->subject.data[i] == 0x7f)
			return false;
	return true;
}

/* The operation that bytes begin with. */
static enum tap__verdict look_at(const struct tap__suspicion *suspicion, struct wire_slice bytes,
				 struct look *look)
{
	const struct wire_limits limits = {.max_control_line =
					       suspicion->is_start ? TAP__CONTROL_LINE_MAX : CONTROL_LINE_MAX,
					   .max_payload = suspicion->max_payload};
	struct wire_op op;
	size_t body;
	int64_t line = wire_parse_line(bytes.data, bytes.len, &limits, &op, &body, &look->need);
	if (line == 0)
		return TAP__OPEN;
	if (line < 2 || !is_credible(suspicion, wire_slice(bytes.data, (size_t)line), &op))
		return TAP__WRONG;
	look->verb = op.verb;
	look->len = look->need = (size_t)line + body;
	if (bytes.len < look->len)
		return TAP__OPEN;
	return memcmp(bytes.data + look->len - 2, "\r\n", 2) == 0 ? TAP__RIGHT : TAP__WRONG;
}

static struct wire_slice behind(struct wire_slice bytes, size_t at)
{
	return wire_slice(bytes.data + at, bytes.len - at);
}

/* Two operations at the beginning of bytes, or as many as it takes until one says something. RIGHT with their length. */
static enum tap__verdict judge_row(const struct tap__suspicion *suspicion, struct wire_slice bytes,
				   size_t *len, size_t *need)
{
	bool is_strong = false;
	*len = 0;
	for (int count = 0; count < 2 || !is_strong; count++) {
		struct look look = {0};
		enum tap__verdict verdict =
		    count < WEAK_MAX ? look_at(suspicion, behind(bytes, *len), &look) : TAP__WRONG;
		*need = *len + look.need;
		if (verdict != TAP__RIGHT)
			return verdict;
		if (suspicion->is_start && (look.verb == WIRE_INFO || look.verb == WIRE_CONNECT))
			return TAP__RIGHT;
		is_strong = is_strong || !tap__is_weak(look.verb);
		*len += look.len;
	}
	return TAP__RIGHT;
}

/* What follows in bytes, as far as it goes: RIGHT when they end where an operation ends, OPEN when elsewhere. A bounded
 * look, for it is taken again for each line that may be the beginning. */
static enum tap__verdict judge_rest(const struct tap__suspicion *suspicion, struct wire_slice bytes)
{
	enum tap__verdict verdict = TAP__RIGHT;
	int count = 0;
	while (bytes.len > 0 && verdict == TAP__RIGHT) {
		struct look look = {0};
		verdict = count++ < REST_MAX ? look_at(suspicion, bytes, &look) : TAP__OPEN;
		if (verdict == TAP__RIGHT)
			bytes = behind(bytes, look.len);
	}
	return verdict;
}

enum tap__verdict tap__suspicion_judge(const struct tap__suspicion *suspicion, struct wire_slice bytes,
				       size_t *untrusted, size_t *need)
{
	size_t len;
	enum tap__verdict verdict = judge_row(suspicion, bytes, &len, need);
	*untrusted = 0;
	if (verdict != TAP__RIGHT || suspicion->is_start)
		return verdict;
	verdict = judge_rest(suspicion, behind(bytes, len));
	if (verdict == TAP__WRONG || (verdict == TAP__RIGHT && suspicion->is_first))
		return verdict;
	*untrusted = len;
	*need = len + 1;
	return len < bytes.len ? TAP__RIGHT : TAP__OPEN;
}
