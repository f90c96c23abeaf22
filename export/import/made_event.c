#include "export/import/made_event.h"

#include <errno.h>
#include <stdlib.h>

#include "export/import/text_file.h"
#include "wire/json_text.h"

enum { HEADERS_BYTES_MAX = 64 << 20 };

static bool grow_receivers(struct export__made_event *made)
{
	uint32_t cap = made->receivers_cap ? made->receivers_cap * 2 : 16;
	struct wire_receiver *receivers = realloc(made->receivers, cap * sizeof(*receivers));

	if (receivers)
		made->receivers = receivers;
	struct wire_slice *names = realloc(made->names, cap * sizeof(*names));
	if (names)
		made->names = names;
	int64_t *delays = realloc(made->delays_ns, cap * sizeof(*delays));
	if (delays)
		made->delays_ns = delays;
	if (!receivers || !names || !delays)
		return false;
	made->receivers_cap = cap;
	return true;
}

int export__made_begin(struct export__made_event *made, size_t bytes)
{
	if (export__reserve(&made->bytes, &made->cap, bytes) != 0)
		return -ENOMEM;
	if (!made->receivers && !grow_receivers(made))
		return -ENOMEM;
	made->event = (struct wire_event){.kind = WIRE_EVENT_MESSAGE};
	made->client = (struct wire_client){0};
	made->client_name = wire_slice(NULL, 0);
	made->has_time = made->has_kind = made->has_receivers = made->has_size = made->is_foreign = false;
	made->log = made->input = 0;
	made->len = made->headers_len = 0;
	return 0;
}

void export__made_fini(struct export__made_event *made)
{
	free(made->receivers);
	free(made->names);
	free(made->delays_ns);
	free(made->bytes);
	free(made->headers);
	*made = (struct export__made_event){0};
}

/* ---- text ---- */

struct wire_slice export__made_text(struct export__made_event *made, struct wire_slice written)
{
	char *out = made->bytes + made->len;
	size_t len = 0, at = 0;

	if (written.len == 0 || !memchr(written.data, '\\', written.len))
		return written;
	while (at < written.len) {
		uint32_t character = wire_json_character(written, &at);

		if (character >= WIRE_JSON_STRAY_BYTE)
			out[len++] = (char)(character - WIRE_JSON_STRAY_BYTE);
		else
			len += wire_json_put(out + len, character);
	}
	made->len += len;
	return wire_slice(out, len);
}

/* The value of a base64 digit, -1 for anything else. */
static int digit_value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

bool export__made_base64(struct export__made_event *made, struct wire_slice written,
			 struct wire_slice *decoded)
{
	unsigned char *out = (unsigned char *)made->bytes + made->len;
	uint32_t group = 0;
	size_t len = 0;

	while (written.len > 0 && written.data[written.len - 1] == '=')
		written.len--;
	if (written.len % 4 == 1)
		return false;
	for (size_t i = 0; i < written.len; i++) {
		int value = digit_value(written.data[i]);

		if (value < 0)
			return false;
		group = group << 6 | (uint32_t)value;
		if (i % 4 > 0)
			out[len++] = (unsigned char)(group >> (6 - i % 4 * 2));
	}
	made->len += len;
	*decoded = wire_slice((char *)out, len);
	return true;
}

/* ---- headers ---- */

static int add_bytes(struct export__made_event *made, struct wire_slice bytes)
{
	if (bytes.len > HEADERS_BYTES_MAX - made->headers_len)
		return -E2BIG;
	if (made->headers_len + bytes.len > made->headers_cap) {
		size_t cap = (made->headers_len + bytes.len) * 2;
		char *grown = realloc(made->headers, cap);
		if (!grown)
			return -ENOMEM;
		made->headers = grown;
		made->headers_cap = cap;
	}
	if (bytes.len > 0)
		memcpy(made->headers + made->headers_len, bytes.data, bytes.len);
	made->headers_len += bytes.len;
	return 0;
}

/* Would end a line of the block, and begin another one. */
static bool has_line_end(struct wire_slice text)
{
	return text.len > 0 && (memchr(text.data, '\n', text.len) || memchr(text.data, '\r', text.len));
}

static int add_word(struct export__made_event *made, struct wire_slice word)
{
	int error = word.len > 0 ? add_bytes(made, WIRE_LITERAL(" ")) : 0;

	return error ? error : add_bytes(made, word);
}

int export__made_header_begin(struct export__made_event *made, struct wire_slice status,
			      struct wire_slice description)
{
	if (has_line_end(status) || has_line_end(description))
		return WIRE_EHEADER;
	int error = add_bytes(made, WIRE_LITERAL("NATS/1.0"));
	if (!error)
		error = add_word(made, status);
	if (!error)
		error = add_word(made, description);
	return error ? error : add_bytes(made, WIRE_LITERAL("\r\n"));
}

int export__made_header(struct export__made_event *made, struct wire_slice key, struct wire_slice value)
{
	if (key.len == 0 || memchr(key.data, ':', key.len) || has_line_end(key) || has_line_end(value))
		return WIRE_EHEADER;
	int error = add_bytes(made, key);
	if (!error)
		error = add_bytes(made, WIRE_LITERAL(": "));
	if (!error)
		error = add_bytes(made, value);
	return error ? error : add_bytes(made, WIRE_LITERAL("\r\n"));
}

/* ---- receivers ---- */

struct wire_receiver *export__made_receiver(struct export__made_event *made)
{
	const uint32_t at = made->event.receivers_len;

	if (at == made->receivers_cap && !grow_receivers(made))
		return NULL;
	made->event.receivers_len++;
	made->receivers[at] = (struct wire_receiver){0};
	made->names[at] = wire_slice(NULL, 0);
	made->delays_ns[at] = WIRE_DELAY_UNKNOWN;
	made->event.receivers = made->receivers;
	return &made->receivers[at];
}

/* ---- the end ---- */

/* No bytes that would end the subject in a control line of the protocol. */
static bool is_subject(struct wire_slice subject)
{
	for (size_t i = 0; i < subject.len; i++) {
		const char c = subject.data[i];
		if (c == ' ' || c == '\t' || c == '\r' || c == '\n')
			return false;
	}
	return true;
}

static int complete_headers(struct export__made_event *made)
{
	if (made->headers_len == 0)
		return 0;
	int error = add_bytes(made, WIRE_LITERAL("\r\n"));
	made->event.headers = wire_slice(made->headers, made->headers_len);
	return error;
}

/* A log that is played must not write anything else on the wire than this message. */
static int check_message(const struct wire_event *event, struct wire_fault *fault)
{
	if (event->subject.len == 0)
		return wire_fault_set(fault, WIRE_EJSON, "there is no subject");
	if (!is_subject(event->subject) || !is_subject(event->reply))
		return wire_fault_set(fault, WIRE_EJSON, "a subject holds a space, a tab or a line end");
	return 0;
}

int export__made_finish(struct export__made_event *made, struct wire_fault *fault)
{
	struct wire_event *event = &made->event;

	if (event->kind == WIRE_EVENT_CONNECT)
		event->client = &made->client;
	if (event->kind != WIRE_EVENT_MESSAGE && event->kind != WIRE_EVENT_DELIVERY)
		return 0;
	int error = complete_headers(made);
	if (error)
		return wire_fault_set(fault, error, "%s", wire_error_text(error));
	if (!made->has_size)
		event->size = event->payload.len;
	if (event->size < event->payload.len && made->is_foreign) /* escapes made the text longer */
		event->size = event->payload.len;
	if (event->size < event->payload.len && !(event->flags & WIRE_EVENT_MASKED))
		return wire_fault_set(fault, WIRE_EJSON, "\"size\" is less than the payload has bytes");
	if (event->kind == WIRE_EVENT_MESSAGE && !made->has_receivers)
		event->flags |= WIRE_EVENT_RECEIVERS_UNKNOWN;
	for (uint32_t i = 0; i < event->receivers_len; i++)
		if (made->delays_ns[i] != WIRE_DELAY_UNKNOWN)
			event->delays_ns = made->delays_ns;
	return check_message(event, fault);
}
