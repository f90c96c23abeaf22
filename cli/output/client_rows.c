#include "cli/output/client_rows.h"

#include <errno.h>
#include <stdlib.h>

#include "trace/clients.h"

static int compare_slices(struct wire_slice a, struct wire_slice b)
{
	size_t least = a.len < b.len ? a.len : b.len;
	int order = least > 0 ? memcmp(a.data, b.data, least) : 0;

	return order ? order : (a.len > b.len) - (a.len < b.len);
}

/* Rows that are one service compare as equal: of the same name, or without a name and of the same host. */
static int compare_services(const struct cli_client_row *a, const struct cli_client_row *b)
{
	int order = compare_slices(a->client.name, b->client.name);

	if (order != 0 || a->client.name.len > 0)
		return order;
	order = compare_slices(trace_address_host(a->client.address), trace_address_host(b->client.address));
	/* Nothing is known of them: each stands for itself. */
	if (order == 0 && a->client.address.len == 0)
		return (a->conn > b->conn) - (a->conn < b->conn);
	return order;
}

static int by_service(const void *a, const void *b)
{
	const struct cli_client_row *x = a, *y = b;
	int order = compare_services(x, y);

	return order ? order : (x->conn > y->conn) - (x->conn < y->conn);
}

static int by_messages(const void *a, const void *b)
{
	const struct cli_client_row *x = a, *y = b;

	if (x->messages != y->messages)
		return x->messages < y->messages ? 1 : -1;
	return (x->conn > y->conn) - (x->conn < y->conn);
}

static void agree(struct wire_slice *text, struct wire_slice with)
{
	if (!wire_slice_equal(*text, with))
		*text = wire_slice(NULL, 0);
}

/* Of addresses at least the host may be the same. */
static void agree_on_address(struct wire_slice *address, struct wire_slice with)
{
	*address = trace_address_host(*address);
	agree(address, trace_address_host(with));
}

static void merge(struct cli_client_row *row, const struct cli_client_row *other)
{
	agree_on_address(&row->client.address, other->client.address);
	agree(&row->client.lang, other->client.lang);
	agree(&row->client.version, other->client.version);
	agree(&row->client.user, other->client.user);
	agree(&row->client.account, other->client.account);
	row->connections++;
	row->messages += other->messages;
	row->bytes += other->bytes;
	row->deliveries += other->deliveries;
}

/* Merge neighbours that are one service. */
static void merge_all(struct cli_client_rows *rows)
{
	size_t last = 0;

	for (size_t i = 1; i < rows->len; i++) {
		/* A merged row has lost its port, which does not matter for the host. */
		if (compare_services(&rows->list[last], &rows->list[i]) == 0)
			merge(&rows->list[last], &rows->list[i]);
		else
			rows->list[++last] = rows->list[i];
	}
	rows->len = last + 1;
}

int cli_client_rows_init(struct cli_client_rows *rows, const struct store_summary *summary, bool each)
{
	*rows = (struct cli_client_rows){.len = summary->clients_len};
	if (rows->len == 0)
		return 0;
	rows->list = calloc(rows->len, sizeof *rows->list);
	if (!rows->list)
		return -ENOMEM;
	for (size_t i = 0; i < rows->len; i++) {
		const struct store_summary_client *client = &summary->clients[i];

		rows->list[i] = (struct cli_client_row){.client = client->client,
							.conn = client->conn,
							.connections = 1,
							.messages = client->messages,
							.bytes = client->bytes,
							.deliveries = client->deliveries};
	}
	if (each)
		return 0;
	qsort(rows->list, rows->len, sizeof *rows->list, by_service);
	merge_all(rows);
	qsort(rows->list, rows->len, sizeof *rows->list, by_messages);
	return 0;
}

void cli_client_rows_fini(struct cli_client_rows *rows)
{
	free(rows->list);
}
