#include "store/read/subject_counts.h"

#include <errno.h>
#include <stdlib.h>
#include <xxhash.h>

enum { TEXTS_BYTES_MAX = 64 << 20 };

int store__subject_counts_init(struct store__subject_counts *counts, struct store_summary *summary,
			       struct store_summary_naming naming)
{
	*counts = (struct store__subject_counts){.summary = summary, .naming = naming};
	return store_table_init(&counts->conns);
}

void store__subject_counts_fini(struct store__subject_counts *counts)
{
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

int store__subject_counts_add(struct store__subject_counts *counts, struct wire_slice subject,
			      uint64_t messages, uint64_t bytes)
{
	const struct store_summary_naming *naming = &counts->naming;
	struct wire_slice name = naming->name ? naming->name(naming->context, subject) : subject;
	return store_groups_add(&counts->summary->subjects, name, messages, bytes);
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
	store_groups_sort(&summary->subjects);
	if (summary->clients_len > 0)
		qsort(summary->clients, summary->clients_len, sizeof *summary->clients, compare_clients);
}
