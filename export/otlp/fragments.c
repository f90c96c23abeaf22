#include "export/otlp/fragments.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <xxhash.h>

#include "export/text/utf8.h"

enum { CONN_TEXT = 40 };

int export__fragments_init(struct export__fragments *fragments)
{
	fragments->subjects = calloc(EXPORT__FRAGMENT_SUBJECTS, sizeof(*fragments->subjects));
	fragments->clients = calloc(EXPORT__FRAGMENT_CLIENTS, sizeof(*fragments->clients));
	trace_fold_init(&fragments->fold, true, NULL);
	return fragments->subjects && fragments->clients ? export__quoting_init(&fragments->quoting)
							 : -ENOMEM;
}

static void fini(struct export__fragment *list, size_t count)
{
	for (size_t i = 0; list && i < count; i++)
		export_buffer_fini(&list[i].text);
	free(list);
}

void export__fragments_fini(struct export__fragments *fragments)
{
	fini(fragments->subjects, EXPORT__FRAGMENT_SUBJECTS);
	fini(fragments->clients, EXPORT__FRAGMENT_CLIENTS);
	export__quoting_fini(&fragments->quoting);
}

void export__fragment_string(struct export__fragments *fragments, struct export_buffer *text, const char *key,
			     struct wire_slice value)
{
	EXPORT_BUFFER_LITERAL(text, "{\"key\":\"");
	export_buffer_bytes(text, key, strlen(key));
	EXPORT_BUFFER_LITERAL(text, "\",\"value\":{\"stringValue\":\"");
	export_buffer_slice(text, export__quoted(&fragments->quoting, value));
	EXPORT_BUFFER_LITERAL(text, "\"}},");
}

/* ---- subjects ---- */

static void write_subject(struct export__fragments *fragments, struct export__fragment *fragment,
			  struct wire_slice subject)
{
	struct export_buffer *text = &fragment->text;
	const struct wire_slice folded = trace_fold(&fragments->fold, subject);

	text->len = 0;
	export_buffer_slice(text, subject);
	fragment->name_at = text->len;
	export_buffer_slice(text, export__quoted(&fragments->quoting, folded));
	fragment->attributes_at = text->len;
	export__fragment_string(fragments, text, "messaging.destination.name", subject);
	if (!wire_slice_equal(folded, subject))
		export__fragment_string(fragments, text, "messaging.destination.template", folded);
	if (trace_has_inbox_prefix(subject))
		EXPORT_BUFFER_LITERAL(
		    text, "{\"key\":\"messaging.destination.temporary\",\"value\":{\"boolValue\":true}},");
}

struct export__subject_parts export__fragment_subject(struct export__fragments *fragments,
						      struct wire_slice subject)
{
	const uint64_t key = XXH3_64bits(subject.data, subject.len);
	struct export__fragment *fragment = &fragments->subjects[key % EXPORT__FRAGMENT_SUBJECTS];
	struct export_buffer *text = &fragment->text;

	if (!text->data || fragment->key != key ||
	    !wire_slice_equal(wire_slice(text->data, fragment->name_at), subject)) {
		write_subject(fragments, fragment, subject);
		fragment->key = key;
	}
	if (text->is_failed) {
		export_buffer_fini(text);
		return (struct export__subject_parts){0};
	}
	return (struct export__subject_parts){
	    .name = wire_slice(text->data + fragment->name_at, fragment->attributes_at - fragment->name_at),
	    .attributes =
		wire_slice(text->data + fragment->attributes_at, text->len - fragment->attributes_at)};
}

/* ---- clients ---- */

static void write_address(struct export__fragments *fragments, struct export_buffer *text,
			  struct wire_slice address)
{
	struct wire_slice host = trace_address_host(address);
	const size_t port_at = host.len + 1;
	uint64_t port = 0;

	if (host.len >= address.len)
		port = 0;
	else
		for (size_t i = port_at; i < address.len && port <= UINT16_MAX; i++)
			port = address.data[i] >= '0' && address.data[i] <= '9'
				   ? port * 10 + (uint64_t)(address.data[i] - '0')
				   : UINT64_MAX;
	if (host.len > 1 && host.data[0] == '[' && host.data[host.len - 1] == ']')
		host = wire_slice(host.data + 1, host.len - 2);
	export__fragment_string(fragments, text, "client.address", host);
	if (port == 0 || port > UINT16_MAX)
		return;
	EXPORT_BUFFER_LITERAL(text, "{\"key\":\"client.port\",\"value\":{\"intValue\":\"");
	export_buffer_decimal(text, port);
	EXPORT_BUFFER_LITERAL(text, "\"}},");
}

static void write_client(struct export__fragments *fragments, struct export_buffer *text,
			 const struct trace_client *client)
{
	const struct wire_client *described = trace_client_described(client);
	char id[CONN_TEXT];
	const int len = client->origin == 0 ? snprintf(id, sizeof(id), "%" PRIu64, client->conn)
					    : snprintf(id, sizeof(id), "%" PRIu64 "@%" PRIu32, client->conn,
						       client->origin + 1);

	text->len = 0;
	export__fragment_string(fragments, text, "messaging.client.id", wire_slice(id, (size_t)len));
	if (described && described->address.len > 0)
		write_address(fragments, text, described->address);
}

struct wire_slice export__fragment_client(struct export__fragments *fragments,
					  const struct trace_clients *clients, uint32_t client)
{
	if (client == TRACE_NO_CLIENT)
		return (struct wire_slice){0};
	const struct trace_client *known = trace_clients_at(clients, client);
	const uint64_t key = (uint64_t)client << 1 | (known->described != NULL);
	struct export__fragment *fragment = &fragments->clients[client % EXPORT__FRAGMENT_CLIENTS];

	if (!fragment->text.data || fragment->key != key) {
		write_client(fragments, &fragment->text, known);
		fragment->key = key;
	}
	if (fragment->text.is_failed)
		export_buffer_fini(&fragment->text);
	return wire_slice(fragment->text.data, fragment->text.len);
}
