#include "store/care/earlier.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "store/read/reader.h"

static uint64_t hash_of(uint64_t conn)
{
	return conn * 0x9e3779b97f4a7c15u >> 32;
}

void store__earlier_fini(struct store__earlier *earlier)
{
	for (size_t i = 0; i < earlier->marks_len; i++)
		free(earlier->marks[i]);
	for (size_t i = 0; i < earlier->subscriptions_len; i++)
		free(earlier->subscriptions[i]);
	free(earlier->marks);
	free(earlier->subscriptions);
	if (earlier->by_conn.slots)
		store_table_fini(&earlier->by_conn);
	*earlier = (struct store__earlier){0};
}

/* ---- marks ---- */

static bool is_identity(struct wire_slice text)
{
	const struct wire_slice words[] = {WIRE_LITERAL("server "), WIRE_LITERAL("cluster ")};
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (text.len > words[i].len && memcmp(text.data, words[i].data, words[i].len) == 0)
			return true;
	return false;
}

static int add_mark(struct store__earlier *earlier, struct wire_slice text)
{
	if (!is_identity(text))
		return 0;
	for (size_t i = 0; i < earlier->marks_len; i++)
		if (wire_slice_equal(wire_slice_str(earlier->marks[i]), text))
			return 0;
	char **marks = realloc(earlier->marks, (earlier->marks_len + 1) * sizeof *marks);
	if (!marks)
		return -ENOMEM;
	earlier->marks = marks;
	marks[earlier->marks_len] = strndup(text.data, text.len);
	return marks[earlier->marks_len] ? (earlier->marks_len++, 0) : -ENOMEM;
}

/* ---- subscriptions ---- */

static struct store__subscription *copy_of(const struct wire_event *event, size_t *bytes)
{
	struct store__subscription *copy;
	*bytes = sizeof *copy + event->sid.len + event->queue.len + event->subject.len;
	copy = malloc(*bytes);
	if (!copy)
		return NULL;
	*copy = (struct store__subscription){.conn = event->conn,
					     .sid_len = (uint32_t)event->sid.len,
					     .queue_len = (uint32_t)event->queue.len,
					     .subject_len = (uint32_t)event->subject.len};
	char *end = copy->text;
	const struct wire_slice texts[] = {event->sid, event->queue, event->subject};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		if (texts[i].len > 0)
			memcpy(end, texts[i].data, texts[i].len);
		end += texts[i].len;
	}
	return copy;
}

static struct store__subscription *find(const struct store__earlier *earlier, const struct wire_event *event)
{
	uint32_t probe = 0, index;
	while (store_table_next(&earlier->by_conn, hash_of(event->conn), &probe, &index)) {
		struct store__subscription *found = earlier->subscriptions[index];
		if (found->conn == event->conn && !found->is_over &&
		    wire_slice_equal(wire_slice(found->text, found->sid_len), event->sid))
			return found;
	}
	return NULL;
}

static int add_subscription(struct store__earlier *earlier, const struct wire_event *event)
{
	size_t bytes, len = earlier->subscriptions_len;
	if (earlier->bytes >= STORE__EARLIER_BYTES_MAX || find(earlier, event))
		return 0;
	struct store__subscription **list = realloc(earlier->subscriptions, (len + 1) * sizeof *list);
	if (!list)
		return -ENOMEM;
	earlier->subscriptions = list;
	list[len] = copy_of(event, &bytes);
	if (!list[len] || store_table_insert(&earlier->by_conn, hash_of(event->conn), (uint32_t)len) != 0) {
		free(list[len]);
		return -ENOMEM;
	}
	earlier->subscriptions_len++;
	earlier->bytes += bytes;
	return 0;
}

/* A subscription that ends after so many deliveries may still be in force. */
static void end_subscription(struct store__earlier *earlier, const struct wire_event *event)
{
	struct store__subscription *found = event->max == 0 ? find(earlier, event) : NULL;
	if (found)
		found->is_over = true;
}

bool store__earlier_next(const struct store__earlier *earlier, uint64_t conn, uint32_t *probe,
			 struct wire_event *event)
{
	uint32_t index;
	while (earlier->by_conn.slots && store_table_next(&earlier->by_conn, hash_of(conn), probe, &index)) {
		const struct store__subscription *found = earlier->subscriptions[index];
		if (found->conn != conn || found->is_over)
			continue;
		const char *queue = found->text + found->sid_len;
		*event =
		    (struct wire_event){.kind = WIRE_EVENT_SUBSCRIBE,
					.conn = conn,
					.sid = wire_slice(found->text, found->sid_len),
					.queue = wire_slice(queue, found->queue_len),
					.subject = wire_slice(queue + found->queue_len, found->subject_len)};
		return true;
	}
	return false;
}

/* ---- reading ---- */

static int take(struct store__earlier *earlier, const struct wire_event *event)
{
	switch (event->kind) {
	case WIRE_EVENT_MARK: return add_mark(earlier, event->text);
	case WIRE_EVENT_SUBSCRIBE: return add_subscription(earlier, event);
	case WIRE_EVENT_UNSUBSCRIBE: end_subscription(earlier, event); return 0;
	default: return 0;
	}
}

static int read_all(struct store__earlier *earlier, const char *path, const struct store_filter *filter,
		    struct wire_fault *fault)
{
	const struct store_reader_options options = {.filter = filter};
	struct store_reader *reader;
	struct wire_event event;
	int status = store_reader_open(&reader, path, &options, fault);
	if (status)
		return status;
	while ((status = store_reader_next(reader, &event, fault)) > 0)
		if (take(earlier, &event) != 0) {
			status = wire_fault_set(fault, -ENOMEM, "%s: out of memory", path);
			break;
		}
	store_reader_close(reader);
	return status;
}

int store__earlier_read(struct store__earlier *earlier, const char *path, uint64_t seq,
			struct wire_fault *fault)
{
	char before[32];
	struct store_filter *filter = store_filter_open();
	*earlier = (struct store__earlier){0};
	snprintf(before, sizeof before, "..%" PRIu64, seq - 1);
	if (!filter || store_table_init(&earlier->by_conn) != 0 ||
	    store_filter_kinds(filter, "mark,subscribe,unsubscribe", NULL) != 0 ||
	    store_filter_seq(filter, before, NULL) != 0) {
		store_filter_close(filter);
		return wire_fault_set(fault, -ENOMEM, "%s: out of memory", path);
	}
	int error = read_all(earlier, path, filter, fault);
	store_filter_close(filter);
	return error;
}
