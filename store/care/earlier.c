#include "store/care/earlier.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "store/read/reader.h"

static uint64_t conn_hash(uint64_t conn)
{
	return conn * 0x9e3779b97f4a7c15u >> 32;
}

static uint64_t sid_hash(uint64_t conn, struct wire_slice sid)
{
	return XXH3_64bits_withSeed(sid.data, sid.len, conn);
}

void store__earlier_fini(struct store__earlier *earlier)
{
	for (size_t i = 0; i < earlier->marks_len; i++)
		free(earlier->marks[i]);
	for (size_t i = 0; i < earlier->subscriptions_len; i++)
		free(earlier->subscriptions[i]);
	free(earlier->marks);
	free(earlier->subscriptions);
	free(earlier->conns);
	if (earlier->by_sid.slots)
		store_table_fini(&earlier->by_sid);
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

/* ---- connections ---- */

static struct store__earlier_conn *find_conn(const struct store__earlier *earlier, uint64_t number)
{
	uint32_t probe = 0, index;
	while (earlier->by_conn.slots &&
	       store_table_next(&earlier->by_conn, conn_hash(number), &probe, &index))
		if (earlier->conns[index].number == number)
			return &earlier->conns[index];
	return NULL;
}

/* Make room in a list for one more entry: at each power of two it doubles. The list, or NULL: then it is as it was. */
static void *make_room(void *list, size_t len, size_t size)
{
	return len & (len - 1) ? list : realloc(list, (len > 0 ? 2 * len : 1) * size);
}

/* NULL when out of memory. */
static struct store__earlier_conn *make_conn(struct store__earlier *earlier, uint64_t number)
{
	struct store__earlier_conn *found = find_conn(earlier, number);
	if (found)
		return found;
	struct store__earlier_conn *list =
	    make_room(earlier->conns, earlier->conns_len, sizeof *earlier->conns);
	if (!list)
		return NULL;
	earlier->conns = list;
	if (store_table_insert(&earlier->by_conn, conn_hash(number), (uint32_t)earlier->conns_len) != 0)
		return NULL;
	list[earlier->conns_len] = (struct store__earlier_conn){.number = number};
	return &list[earlier->conns_len++];
}

/* ---- subscriptions ---- */

static struct wire_slice sid_of(const struct store__subscription *subscription)
{
	return wire_slice(subscription->text, subscription->sid_len);
}

static size_t bytes_of(const struct store__subscription *subscription)
{
	return sizeof *subscription + subscription->sid_len + subscription->queue_len +
	       subscription->subject_len;
}

static struct store__subscription *copy_of(const struct wire_event *event)
{
	struct store__subscription *copy =
	    malloc(sizeof *copy + event->sid.len + event->queue.len + event->subject.len);
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
	while (store_table_next(&earlier->by_sid, sid_hash(event->conn, event->sid), &probe, &index)) {
		struct store__subscription *found = earlier->subscriptions[index];
		if (found->conn == event->conn && wire_slice_equal(sid_of(found), event->sid))
			return found;
	}
	return NULL;
}

/* Put it into the list, the table and its connection. 0 or -ENOMEM: then it is in none. */
static int link_subscription(struct store__earlier *earlier, struct store__subscription *added)
{
	size_t len = earlier->subscriptions_len;
	struct store__earlier_conn *conn = make_conn(earlier, added->conn);
	struct store__subscription **list = make_room(earlier->subscriptions, len, sizeof *list);
	if (list)
		earlier->subscriptions = list;
	if (!list || !conn ||
	    store_table_insert(&earlier->by_sid, sid_hash(added->conn, sid_of(added)), (uint32_t)len) != 0)
		return -ENOMEM;
	list[earlier->subscriptions_len++] = added;
	added->index = (uint32_t)len;
	added->before = conn->last;
	*(conn->last ? &conn->last->after : &conn->first) = added;
	conn->last = added;
	earlier->bytes += bytes_of(added);
	return 0;
}

static int add_subscription(struct store__earlier *earlier, const struct wire_event *event)
{
	if (earlier->bytes >= STORE__EARLIER_BYTES_MAX || find(earlier, event))
		return 0;
	struct store__subscription *added = copy_of(event);
	if (added && link_subscription(earlier, added) == 0)
		return 0;
	free(added);
	return -ENOMEM;
}

/* The last one of the list takes its place there. */
static void leave_list(struct store__earlier *earlier, const struct store__subscription *ended)
{
	struct store__subscription *last = earlier->subscriptions[--earlier->subscriptions_len];
	store_table_remove(&earlier->by_sid, sid_hash(ended->conn, sid_of(ended)), ended->index);
	if (last == ended)
		return;
	uint64_t hash = sid_hash(last->conn, sid_of(last));
	store_table_remove(&earlier->by_sid, hash, last->index);
	store_table_add(&earlier->by_sid, hash, ended->index);
	earlier->subscriptions[ended->index] = last;
	last->index = ended->index;
}

static void remove_subscription(struct store__earlier *earlier, struct store__subscription *ended)
{
	struct store__earlier_conn *conn = find_conn(earlier, ended->conn);
	leave_list(earlier, ended);
	*(ended->before ? &ended->before->after : &conn->first) = ended->after;
	*(ended->after ? &ended->after->before : &conn->last) = ended->before;
	earlier->bytes -= bytes_of(ended);
	free(ended);
}

/* A subscription that ends after so many deliveries may still be in force. */
static void end_subscription(struct store__earlier *earlier, const struct wire_event *event)
{
	struct store__subscription *found = event->max == 0 ? find(earlier, event) : NULL;
	if (found)
		remove_subscription(earlier, found);
}

static void end_conn(struct store__earlier *earlier, uint64_t number)
{
	struct store__earlier_conn *conn = find_conn(earlier, number);
	while (conn && conn->first)
		remove_subscription(earlier, conn->first);
}

bool store__earlier_next(const struct store__earlier *earlier, uint64_t conn,
			 const struct store__subscription **at, struct wire_event *event)
{
	const struct store__earlier_conn *found = *at ? NULL : find_conn(earlier, conn);
	*at = *at ? (*at)->after : found ? found->first : NULL;
	if (!*at)
		return false;
	const char *queue = (*at)->text + (*at)->sid_len;
	*event = (struct wire_event){.kind = WIRE_EVENT_SUBSCRIBE,
				     .conn = conn,
				     .sid = sid_of(*at),
				     .queue = wire_slice(queue, (*at)->queue_len),
				     .subject = wire_slice(queue + (*at)->queue_len, (*at)->subject_len)};
	return true;
}

/* ---- reading ---- */

static int take(struct store__earlier *earlier, const struct wire_event *event)
{
	switch (event->kind) {
	case WIRE_EVENT_MARK: return add_mark(earlier, event->text);
	case WIRE_EVENT_SUBSCRIBE: return add_subscription(earlier, event);
	case WIRE_EVENT_UNSUBSCRIBE: end_subscription(earlier, event); return 0;
	case WIRE_EVENT_DISCONNECT: end_conn(earlier, event->conn); return 0;
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
	if (!filter || store_table_init(&earlier->by_conn) != 0 || store_table_init(&earlier->by_sid) != 0 ||
	    store_filter_kinds(filter, "mark,subscribe,unsubscribe,disconnect", NULL) != 0 ||
	    store_filter_seq(filter, before, NULL) != 0) {
		store_filter_close(filter);
		return wire_fault_set(fault, -ENOMEM, "%s: out of memory", path);
	}
	int error = read_all(earlier, path, filter, fault);
	store_filter_close(filter);
	return error;
}
