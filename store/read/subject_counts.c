#include "store/read/subject_counts.h"

#include <errno.h>
#include <stdlib.h>
#include <xxhash.h>

enum { TEXTS_BYTES_MAX = 64 << 20 };

int store__subject_counts_init(struct store__subject_counts *counts, struct store_summary *summary)
{
	*counts = (struct store__subject_counts){.summary = summary};
	int error = store_table_init(&counts->subjects);
	return error ? error : store_table_init(&counts->conns);
}

void store__subject_counts_fini(struct store__subject_counts *counts)
{
	store_table_fini(&counts->subjects);
	store_table_fini(&counts->conns);
}

/* Make room for one more element after the len that there are. Returns the list, which may have moved, or NULL. */
static void *make_room(void *list, size_t len, size_t *cap, size_t size)
{
	if (len < *cap)
		return list;
	size_t wanted = *cap ? *cap * 2 : 256;
	void *moved = realloc(list, wanted * size);
	if (moved)
		*cap = wanted;
	return moved;
}

/* ---- subjects ---- */

static int add_subject(struct store__subject_counts *counts, uint64_t hash, struct wire_slice subject)
{
	struct store_summary *summary = counts->summary;
	struct store_summary_subject *list = make_room(summary->subjects, summary->subjects_len,
						       &counts->subjects_cap, sizeof *summary->subjects);
	if (!list)
		return -ENOMEM;
	summary->subjects = list;
	char *text = malloc(subject.len + 1);
	if (!text || store_table_reserve(&counts->subjects, 1) != 0) {
		free(text);
		return -ENOMEM;
	}
	memcpy(text, subject.data, subject.len);
	store_table_add(&counts->subjects, hash, (uint32_t)summary->subjects_len);
	list[summary->subjects_len++] =
	    (struct store_summary_subject){.subject = wire_slice(text, subject.len)};
	return 0;
}

static struct store_summary_subject *find_subject(struct store__subject_counts *counts, uint64_t hash,
						  struct wire_slice subject)
{
	uint32_t probe = 0, index;
	while (store_table_next(&counts->subjects, hash, &probe, &index))
		if (wire_slice_equal(counts->summary->subjects[index].subject, subject))
			return &counts->summary->subjects[index];
	return NULL;
}

int store__subject_counts_add(struct store__subject_counts *counts, struct wire_slice subject,
			      uint64_t messages, uint64_t bytes)
{
	struct store_summary *summary = counts->summary;
	uint64_t hash = XXH3_64bits(subject.data, subject.len);
	struct store_summary_subject *found = find_subject(counts, hash, subject);
	if (!found && summary->subjects_len >= STORE_SUMMARY_SUBJECTS_MAX) {
		summary->other_messages += messages;
		summary->other_bytes += bytes;
		return 0;
	}
	if (!found) {
		int error = add_subject(counts, hash, subject);
		if (error)
			return error;
		found = &summary->subjects[summary->subjects_len - 1];
	}
	found->messages += messages;
	found->bytes += bytes;
	return 0;
}

/* ---- connections ---- */

int store__subject_counts_client(struct store__subject_counts *counts, uint64_t conn,
				 struct store_summary_client **client, bool *is_new)
{
	struct store_summary *summary = counts->summary;
	uint64_t hash = XXH3_64bits(&conn, sizeof conn);
	uint32_t probe = 0, index;
	*is_new = false;
	while (store_table_next(&counts->conns, hash, &probe, &index)) {
		*client = &summary->clients[index];
		if ((*client)->conn == conn)
			return 0;
	}
	*client = NULL;
	if (summary->clients_len >= STORE_SUMMARY_CLIENTS_MAX)
		return 0;
	struct store_summary_client *list =
	    make_room(summary->clients, summary->clients_len, &counts->clients_cap, sizeof *summary->clients);
	if (!list)
		return -ENOMEM;
	summary->clients = list;
	if (store_table_reserve(&counts->conns, 1) != 0)
		return -ENOMEM;
	store_table_add(&counts->conns, hash, (uint32_t)summary->clients_len);
	*client = &list[summary->clients_len++];
	**client = (struct store_summary_client){.conn = conn};
	*is_new = true;
	return 0;
}

static struct wire_slice keep(char **to, struct wire_slice text)
{
	char *start = *to;
	if (text.len > 0)
		memcpy(start, text.data, text.len);
	*to += text.len;
	return wire_slice(start, text.len);
}

int store__subject_counts_describe(struct store__subject_counts *counts, struct store_summary_client *entry,
				   const struct wire_client *client)
{
	size_t len = client->address.len + client->name.len + client->lang.len + client->version.len +
		     client->user.len + client->account.len;
	if (entry->texts || len > TEXTS_BYTES_MAX - counts->texts_bytes)
		return 0;
	char *to = entry->texts = malloc(len + 1);
	if (!to)
		return -ENOMEM;
	counts->texts_bytes += len;
	entry->client.address = keep(&to, client->address);
	entry->client.name = keep(&to, client->name);
	entry->client.lang = keep(&to, client->lang);
	entry->client.version = keep(&to, client->version);
	entry->client.user = keep(&to, client->user);
	entry->client.account = keep(&to, client->account);
	return 0;
}

/* ---- order ---- */

static int compare_text(struct wire_slice a, struct wire_slice b)
{
	int order = memcmp(a.data, b.data, a.len < b.len ? a.len : b.len);
	return order ? order : (a.len > b.len) - (a.len < b.len);
}

static int compare_subjects(const void *a, const void *b)
{
	const struct store_summary_subject *x = a, *y = b;
	if (x->messages != y->messages)
		return x->messages < y->messages ? 1 : -1;
	return compare_text(x->subject, y->subject);
}

static int compare_clients(const void *a, const void *b)
{
	const struct store_summary_client *x = a, *y = b;
	if (x->messages != y->messages)
		return x->messages < y->messages ? 1 : -1;
	return (x->conn > y->conn) - (x->conn < y->conn);
}

void store__subject_counts_sort(struct store__subject_counts *counts)
{
	struct store_summary *summary = counts->summary;
	if (summary->subjects_len > 0)
		qsort(summary->subjects, summary->subjects_len, sizeof *summary->subjects, compare_subjects);
	if (summary->clients_len > 0)
		qsort(summary->clients, summary->clients_len, sizeof *summary->clients, compare_clients);
}
