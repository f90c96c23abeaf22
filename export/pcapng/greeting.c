#include "export/pcapng/greeting.h"

#include "export/text/json.h"

/* The same for all servers, so that a reader takes those of a cluster, whose logs are read together, for one server. */
#define SERVER_ID "TAPEDECK-EXPORT"

enum {
	FIELD_MAX = 1000, /* of a client's name and the like */
};

static void put_string(struct export_json *json, const char *key, struct wire_slice text)
{
	if (text.len > 0)
		export_json_string(json, key,
				   wire_slice(text.data, text.len < FIELD_MAX ? text.len : FIELD_MAX));
}

void export__greeting_info(struct export_out *text, const struct export__connection *connection,
			   const struct wire_slice *account)
{
	const struct export__address client = export__connection_address(connection, EXPORT__CLIENT);
	char host[EXPORT__ADDRESS_TEXT];
	struct export_json json = {.out = text};

	text->len = 0;
	export_out_text(text, "INFO ");
	export_json_object(&json, NULL);
	export_json_string(&json, "server_id", WIRE_LITERAL(SERVER_ID));
	export_json_number(&json, "proto", 1);
	export_json_true(&json, "headers");
	export_json_number(&json, "max_payload", EXPORT__MAX_PAYLOAD);
	if (!export__connection_is_nobody(connection))
		export_json_number(&json, "client_id", wire_conn_number(connection->conn));
	export_json_string(&json, "client_ip", wire_slice_str(export__address_host(host, &client)));
	if (account) {
		export_json_true(&json, "connect_info");
		put_string(&json, "remote_account", *account);
	}
	export_json_object_end(&json);
	export_out_text(text, " \r\n");
}

void export__greeting_connect(struct export_out *text, const struct wire_client *client)
{
	struct export_json json = {.out = text};

	text->len = 0;
	export_out_text(text, "CONNECT {\"verbose\":false,\"pedantic\":false");
	json.comma = true;
	if (client) {
		put_string(&json, "name", client->name);
		put_string(&json, "lang", client->lang);
		put_string(&json, "version", client->version);
		put_string(&json, "user", client->user);
		if (client->user.len > 0)
			export_json_string(&json, "pass", WIRE_LITERAL("[REDACTED]"));
	}
	export_json_number(&json, "protocol", 1);
	export_json_true(&json, "echo");
	export_json_true(&json, "headers");
	export_json_true(&json, "no_responders");
	export_json_object_end(&json);
	export_out_text(text, "\r\n");
}
