/* connect.c - CONNECT: who is it and how does it want to be spoken to. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "broker/auth.h"
#include "broker/emit.h"
#include "broker/ops.h"

static void violate(struct broker_client *client, const char *user)
{
	client->loop->counters.auth_errors++;
	if (client->loop->broker->options.users_len > 0)
		broker__client_log(client, BROKER_LOG_ERROR, "authentication error - User \"%s\"", user);
	else
		broker__client_log(client, BROKER_LOG_ERROR, "authentication error");
	broker__client_send_error(client, WIRE_LITERAL("Authorization Violation"));
	broker__client_close(client, "Authentication Failure");
}

static bool set_text(char **text, const char *value)
{
	char *copy = value && *value ? strdup(value) : NULL;
	if (value && *value && !copy)
		return false;
	free(*text);
	*text = copy;
	return true;
}

/* `v1.2:c:name`, as nats-server calls a client in its log. */
static void set_title(struct broker_client *client)
{
	char *title = NULL;
	const char *version = client->version, *lang = client->lang, *name = client->name;
	if (!version && !lang && !name)
		return;
	if (asprintf(&title, "%s%s%s%s%s%s", version ? "v" : "", version ? version : "",
		     version && lang ? ":" : "", lang ? lang : "", (version || lang) && name ? ":" : "",
		     name ? name : "") < 0)
		return;
	free(client->title);
	client->title = title;
}

/* The client is that user from now on. 0 or -ENOMEM. */
static int become(struct broker_client *client, const struct broker__identity *identity)
{
	bool had_permissions = client->permissions != NULL;
	if (!set_text(&client->user, identity->user))
		return -ENOMEM;
	client->permissions = identity->permissions;
	if (identity->permissions && identity->permissions->allow_responses && !client->replies) {
		client->replies = broker__replies_open(client->loop->broker->seed);
		if (!client->replies)
			return -ENOMEM;
	}
	if ((had_permissions || client->permissions) && client->sids.count > 0)
		broker__sublist_touch(&client->loop->broker->sublist);
	broker__routes_clear(client);
	return 0;
}

bool broker__op_without_connect(struct broker_client *client)
{
	struct broker__identity identity;
	if (!broker__auth_anonymous(&client->loop->broker->options, &identity)) {
		violate(client, "");
		return false;
	}
	client->is_expected = false;
	broker__client_await_ping(client);
	if (become(client, &identity) == 0)
		return true;
	broker__client_cut(client, "Read Error");
	return false;
}

/* Protocol questions that close the connection. Static text, or an empty slice when all is well. */
static struct wire_slice find_fault(const struct broker_client *client, const struct wire_connect *connect,
				    const char **reason)
{
	if (connect->protocol < 0 || connect->protocol > 1) {
		*reason = "Bad Client Protocol Version";
		return WIRE_LITERAL("invalid client protocol");
	}
	if (connect->no_responders && !client->has_headers) {
		*reason = "No Responders Requires Headers";
		return WIRE_LITERAL("no responders requires headers support");
	}
	return wire_slice(NULL, 0);
}

static void adopt(struct broker_client *client, const struct wire_connect *connect)
{
	client->verbose = connect->verbose;
	client->pedantic = connect->pedantic;
	if (client->echo != connect->echo)
		broker__routes_clear(client);
	client->echo = connect->echo;
	client->protocol = connect->protocol;
	client->no_responders = connect->no_responders;
	client->has_headers = connect->headers && !client->loop->broker->options.no_header_support;
}

/* 0, -ENOMEM, or WIRE_EARGUMENT when the client was told why it is being closed. */
static int welcome(struct broker_client *client, const struct wire_connect *connect)
{
	struct broker__identity identity;
	const char *reason;
	adopt(client, connect);
	if (!set_text(&client->name, connect->name) || !set_text(&client->lang, connect->lang) ||
	    !set_text(&client->version, connect->version))
		return -ENOMEM;
	set_title(client);
	if (!broker__auth_check(&client->loop->broker->options, connect, &identity)) {
		violate(client, connect->user);
		return WIRE_EARGUMENT;
	}
	if (become(client, &identity) < 0)
		return -ENOMEM;
	struct wire_slice fault = find_fault(client, connect, &reason);
	if (fault.len > 0) {
		broker__client_send_error(client, fault);
		broker__client_close(client, reason);
		return WIRE_EARGUMENT;
	}
	return 0;
}

void broker__op_connect(struct broker_client *client, struct wire_slice json)
{
	struct wire_connect connect;
	uv_timer_stop(&client->timer);
	int error = wire_connect_read(&connect, json);
	if (error) {
		broker__client_log(client, BROKER_LOG_ERROR, "CONNECT: %s", wire_error_text(error));
		broker__client_close(client, "Protocol Violation");
		return;
	}
	client->is_connected = true;
	client->is_expected = false;
	client->last_ns = client->loop->now_ns;
	if (client->rtt_ns == 0 && client->loop->now_ns > client->start_ns)
		client->rtt_ns = client->loop->now_ns - client->start_ns;
	error = welcome(client, &connect);
	wire_connect_fini(&connect);
	if (error == -ENOMEM)
		broker__client_cut(client, "Read Error");
	if (error)
		return;
	broker__client_await_ping(client);
	if (!client->is_announced)
		broker__emit_connect(client);
	if (client->verbose)
		broker__client_send(client, WIRE_LITERAL("+OK\r\n"));
}
