#include "export/pcapng/late.h"

#include <errno.h>
#include <stdlib.h>

enum { KEPT_MAX = 1 << 16, KEPT_BYTES_MAX = 32 << 20, FIRST_CAP = 64 };

struct export__late_data {
	int64_t time_ns;
	uint64_t number; /* in which order they were kept */
	uint64_t conn, content;
	char *bytes;                      /* owned: what is known of the data, the end, the comment */
	size_t known, unknown, end, note; /* bytes of each */
};

static size_t bytes_of(const struct export__late_data *data)
{
	return sizeof(*data) + data->known + data->end + data->note;
}

void export__late_fini(struct export__late *late)
{
	for (size_t i = 0; i < late->count; i++)
		free(late->heap[i].bytes);
	free(late->heap);
	*late = (struct export__late){0};
}

bool export__late_has_room(const struct export__late *late, size_t bytes)
{
	return late->count < KEPT_MAX && late->bytes < KEPT_BYTES_MAX && bytes < KEPT_BYTES_MAX - late->bytes;
}

/* ---- the heap ---- */

static bool is_before(const struct export__late_data *a, const struct export__late_data *b)
{
	return a->time_ns != b->time_ns ? a->time_ns < b->time_ns : a->number < b->number;
}

static void push(struct export__late *late, const struct export__late_data *data)
{
	size_t at = late->count++;

	for (; at > 0 && is_before(data, &late->heap[(at - 1) / 2]); at = (at - 1) / 2)
		late->heap[at] = late->heap[(at - 1) / 2];
	late->heap[at] = *data;
	late->bytes += bytes_of(data);
	late->contents[data->content % EXPORT__LATE_CONTENTS]++;
}

static struct export__late_data pop(struct export__late *late)
{
	struct export__late_data *heap = late->heap;
	const struct export__late_data first = heap[0], last = heap[--late->count];
	size_t at = 0, child;

	while ((child = 2 * at + 1) < late->count) {
		child += child + 1 < late->count && is_before(&heap[child + 1], &heap[child]);
		if (!is_before(&heap[child], &last))
			break;
		heap[at] = heap[child];
		at = child;
	}
	heap[at] = last;
	late->bytes -= bytes_of(&first);
	late->contents[first.content % EXPORT__LATE_CONTENTS]--;
	return first;
}

/* ---- keeping and sending ---- */

static bool reserve(struct export__late *late)
{
	if (late->count < late->cap)
		return true;
	const size_t cap = late->cap ? 2 * late->cap : FIRST_CAP;
	struct export__late_data *heap = realloc(late->heap, cap * sizeof(*heap));
	if (!heap)
		return false;
	late->heap = heap;
	late->cap = cap;
	return true;
}

static char *copy(char *at, struct wire_slice bytes)
{
	if (bytes.len > 0)
		memcpy(at, bytes.data, bytes.len);
	return at + bytes.len;
}

int export__late_keep(struct export__late *late, struct export__connection *connection,
		      const struct export__data *data, uint64_t content)
{
	struct export__late_data kept = {.time_ns = data->time_ns,
					 .number = late->kept++,
					 .conn = connection->conn,
					 .content = content,
					 .end = data->pieces[data->count - 1].len,
					 .note = data->comment.len};

	for (unsigned i = 0; i + 1 < data->count; i++)
		*(data->pieces[i].data ? &kept.known : &kept.unknown) += data->pieces[i].len;
	kept.bytes = malloc(kept.known + kept.end + kept.note);
	if (!kept.bytes || !reserve(late)) {
		free(kept.bytes);
		return -ENOMEM;
	}
	char *at = kept.bytes;
	for (unsigned i = 0; i < data->count; i++)
		if (data->pieces[i].data)
			at = copy(at, data->pieces[i]);
	copy(at, data->comment);
	push(late, &kept);
	connection->kept++;
	return 0;
}

static void send_first(struct export__late *late, struct export__connections *connections,
		       struct export__tcp *tcp, int64_t latest_ns)
{
	const struct export__late_data data = pop(late);
	struct export__connection *connection = export__connections_find(connections, data.conn);
	const char *end = data.bytes + data.known;

	if (connection) {
		connection->kept--;
		export__tcp_send(tcp, connection, EXPORT__SERVER,
				 &(struct export__data){
				     .pieces = {wire_slice(data.bytes, data.known),
						wire_slice(NULL, data.unknown), wire_slice(end, data.end)},
				     .count = 3,
				     .time_ns = data.time_ns < latest_ns ? data.time_ns : latest_ns,
				     .comment = wire_slice(end + data.end, data.note)});
	}
	free(data.bytes);
}

void export__late_send(struct export__late *late, struct export__connections *connections,
		       struct export__tcp *tcp, int64_t until_ns)
{
	while (late->count > 0 && late->heap[0].time_ns <= until_ns)
		send_first(late, connections, tcp, INT64_MAX);
}

void export__late_send_all(struct export__late *late, struct export__connections *connections,
			   struct export__tcp *tcp, int64_t now_ns)
{
	while (late->count > 0)
		send_first(late, connections, tcp, now_ns);
}
