#include "store/format/details.h"

enum { TEXTS = 10, NUMBERS = 7, FIELD_BYTES_MAX = 2 + 2 * STORE__VARINT_MAX };

struct texts {
	struct wire_slice field[TEXTS];
};

static struct texts texts_of(const struct wire_event *event)
{
	const struct wire_client none = {0}, *client = event->client ? event->client : &none;
	return (struct texts){{event->text, client->address, client->name, client->lang, client->version,
			       client->user, event->sid, event->queue, client->account, client->certificate}};
}

/* The tags of these texts. */
static const enum store__detail text_tags[TEXTS] = {
    STORE__DETAIL_TEXT,    STORE__DETAIL_ADDRESS,    STORE__DETAIL_NAME, STORE__DETAIL_LANG,
    STORE__DETAIL_VERSION, STORE__DETAIL_USER,       STORE__DETAIL_SID,  STORE__DETAIL_QUEUE,
    STORE__DETAIL_ACCOUNT, STORE__DETAIL_CERTIFICATE};

size_t store__details_bound(const struct wire_event *event)
{
	const struct texts texts = texts_of(event);
	size_t bytes = (TEXTS + NUMBERS) * FIELD_BYTES_MAX;
	for (int i = 0; i < TEXTS; i++)
		bytes += texts.field[i].len;
	return bytes;
}

static void put_text(struct store__buffer *buffer, enum store__detail tag, struct wire_slice text)
{
	if (text.len == 0)
		return;
	store__buffer_put_varint(buffer, tag);
	store__buffer_put_varint(buffer, text.len);
	store__buffer_put(buffer, text.data, text.len);
}

static void put_number(struct store__buffer *buffer, enum store__detail tag, uint64_t number)
{
	unsigned char bytes[STORE__VARINT_MAX];
	if (number == 0)
		return;
	const unsigned char *end = store__put_varint(bytes, number);
	put_text(buffer, tag, wire_slice((const char *)bytes, (size_t)(end - bytes)));
}

void store__details_put(struct store__buffer *buffer, const struct wire_event *event)
{
	const struct texts texts = texts_of(event);
	for (int i = 0; i < TEXTS; i++)
		put_text(buffer, text_tags[i], texts.field[i]);
	put_number(buffer, STORE__DETAIL_MAX, event->max);
	put_number(buffer, STORE__DETAIL_LOST_MESSAGES, event->lost_messages);
	put_number(buffer, STORE__DETAIL_LOST_BYTES, event->lost_bytes);
	put_number(buffer, STORE__DETAIL_FROM_NS, store__zigzag(event->from_ns));
	put_number(buffer, STORE__DETAIL_TO_NS, store__zigzag(event->to_ns));
	put_number(buffer, STORE__DETAIL_FROM_SEQ, event->from_seq);
	put_number(buffer, STORE__DETAIL_TO_SEQ, event->to_seq);
}

static bool get_number(struct wire_slice value, uint64_t *number)
{
	struct store__cursor in = store__cursor(value.data, value.len);
	*number = store__get_varint(&in);
	return !in.bad && store__left(&in) == 0;
}

static bool get_time(struct wire_slice value, int64_t *time_ns)
{
	uint64_t number;
	bool good = get_number(value, &number);
	*time_ns = store__unzigzag(number);
	return good;
}

static bool get_field(uint64_t tag, struct wire_slice value, struct wire_event *event,
		      struct wire_client *client)
{
	switch (tag) {
	case STORE__DETAIL_TEXT: event->text = value; return true;
	case STORE__DETAIL_ADDRESS: client->address = value; return true;
	case STORE__DETAIL_NAME: client->name = value; return true;
	case STORE__DETAIL_LANG: client->lang = value; return true;
	case STORE__DETAIL_VERSION: client->version = value; return true;
	case STORE__DETAIL_USER: client->user = value; return true;
	case STORE__DETAIL_ACCOUNT: client->account = value; return true;
	case STORE__DETAIL_CERTIFICATE: client->certificate = value; return true;
	case STORE__DETAIL_SID: event->sid = value; return true;
	case STORE__DETAIL_QUEUE: event->queue = value; return true;
	case STORE__DETAIL_MAX: return get_number(value, &event->max);
	case STORE__DETAIL_LOST_MESSAGES: return get_number(value, &event->lost_messages);
	case STORE__DETAIL_LOST_BYTES: return get_number(value, &event->lost_bytes);
	case STORE__DETAIL_FROM_NS: return get_time(value, &event->from_ns);
	case STORE__DETAIL_TO_NS: return get_time(value, &event->to_ns);
	case STORE__DETAIL_FROM_SEQ: return get_number(value, &event->from_seq);
	case STORE__DETAIL_TO_SEQ: return get_number(value, &event->to_seq);
	default: return true;
	}
}

bool store__details_get(const void *bytes, size_t len, struct wire_event *event, struct wire_client *client)
{
	struct store__cursor in = store__cursor(bytes, len);
	while (store__left(&in) > 0) {
		uint64_t tag = store__get_varint(&in), value_len = store__get_varint(&in);
		const unsigned char *value = store__get_bytes(&in, value_len);
		if (in.bad || !get_field(tag, wire_slice((const char *)value, value_len), event, client))
			return false;
	}
	return true;
}
