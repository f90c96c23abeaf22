#include "wire/write.h"

/* Appends while there is room; counts the bytes in any case. */
struct sink {
	char *buf;
	size_t cap, len;
};

static void put(struct sink *out, struct wire_slice bytes)
{
	if (bytes.len > 0 && out->len + bytes.len <= out->cap)
		memcpy(out->buf + out->len, bytes.data, bytes.len);
	out->len += bytes.len;
}

static void put_word(struct sink *out, struct wire_slice word)
{
	if (word.len == 0)
		return;
	put(out, WIRE_LITERAL(" "));
	put(out, word);
}

static void put_number(struct sink *out, uint64_t value)
{
	char digits[20];
	put_word(out, wire_slice(digits, wire_write_decimal(digits, value)));
}

size_t wire_write_decimal(char *out, uint64_t value)
{
	char reversed[20];
	size_t len = 0;
	do {
		reversed[len++] = (char)('0' + value % 10);
		value /= 10;
	} while (value > 0);
	for (size_t i = 0; i < len; i++)
		out[i] = reversed[len - 1 - i];
	return len;
}

static void put_body(struct sink *out, const struct wire_op *op)
{
	if (op->verb == WIRE_HPUB || op->verb == WIRE_HMSG)
		put_number(out, op->headers.len);
	put_number(out, op->headers.len + op->payload.len);
	put(out, WIRE_LITERAL("\r\n"));
	put(out, op->headers);
	put(out, op->payload);
}

static void put_text(struct sink *out, const struct wire_op *op)
{
	put(out, WIRE_LITERAL(" "));
	if (op->verb == WIRE_ERR)
		put(out, WIRE_LITERAL("'"));
	put(out, op->args);
	if (op->verb == WIRE_ERR)
		put(out, WIRE_LITERAL("'"));
}

size_t wire_write_op(char *buf, size_t cap, const struct wire_op *op)
{
	struct sink out = {.buf = buf, .cap = cap};
	put(&out, wire_slice_str(wire_verb_name(op->verb)));
	switch (op->verb) {
	case WIRE_PUB:
	case WIRE_HPUB:
	case WIRE_MSG:
	case WIRE_HMSG:
		put_word(&out, op->subject);
		put_word(&out, op->sid);
		put_word(&out, op->reply);
		put_body(&out, op);
		break;
	case WIRE_SUB:
		put_word(&out, op->subject);
		put_word(&out, op->queue);
		put_word(&out, op->sid);
		break;
	case WIRE_UNSUB:
		put_word(&out, op->sid);
		if (op->max > 0)
			put_number(&out, op->max);
		break;
	case WIRE_INFO:
	case WIRE_CONNECT:
	case WIRE_ERR: put_text(&out, op); break;
	default: break;
	}
	put(&out, WIRE_LITERAL("\r\n"));
	return out.len;
}

size_t wire_write_pub(char *buf, size_t cap, struct wire_slice subject, struct wire_slice reply,
		      struct wire_slice headers, struct wire_slice payload)
{
	struct wire_op op = {.verb = headers.len > 0 ? WIRE_HPUB : WIRE_PUB,
			     .subject = subject,
			     .reply = reply,
			     .headers = headers,
			     .payload = payload};
	return wire_write_op(buf, cap, &op);
}

size_t wire_write_msg(char *buf, size_t cap, struct wire_slice subject, struct wire_slice sid,
		      struct wire_slice reply, struct wire_slice headers, struct wire_slice payload)
{
	struct wire_op op = {.verb = headers.len > 0 ? WIRE_HMSG : WIRE_MSG,
			     .subject = subject,
			     .sid = sid,
			     .reply = reply,
			     .headers = headers,
			     .payload = payload};
	return wire_write_op(buf, cap, &op);
}
