#include "broker/connect.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "broker/auth.h"
#include "broker/certificate.h"
#include "broker/client_log.h"
#include "broker/connection.h"
#include "broker/emit.h"
#include "broker/login.h"
#include "broker/reading.h"
#include "broker/server.h"

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

/* Give the client the identity of a user. 0 or -ENOMEM. */
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
	broker__match_cache_clear(client);
	return 0;
}

bool broker__op_without_connect(struct broker_client *client)
{
	struct broker__identity identity;
	if (!broker__auth_anonymous(&client->loop->broker->options, &identity)) {
		violate(client, "");
		return false;
	}
	client->life = BROKER__GREETED;
	client->events->admitted(client);
	if (become(client, &identity) == 0)
		return true;
	broker__client_cut(client, "Read Error");
	return false;
}

/* Find a fault of CONNECT that closes the connection. Static text, or an empty slice when there is none. */
static struct wire_slice find_fault(const struct broker_client *client, const struct wire_connect *connect,
				    const char **reason)
{
	if (connect->protocol < 0 || connect->protocol > 1) {
		*reason = "Bad Client Protocol Version";
		return WIRE_LITERAL("invalid client protocol");
	}
	if (connect->no_responders && !client->options.headers) {
		*reason = "No Responders Requires Headers";
		return WIRE_LITERAL("no responders requires headers support");
	}
	return wire_slice(NULL, 0);
}

static void adopt(struct broker_client *client, const struct wire_connect *connect)
{
	client->options.verbose = connect->verbose;
	client->options.pedantic = connect->pedantic;
	if (client->options.echo != connect->echo)
		broker__match_cache_clear(client);
	client->options.echo = connect->echo;
	client->options.protocol = connect->protocol;
	client->options.no_responders = connect->no_responders;
	client->options.headers = connect->headers && !client->loop->broker->options.no_header_support;
}

/* Copy the names that the client gives itself, unverified: log lines and events show them. */
static int note_names(struct broker_client *client, const struct wire_connect *connect)
{
	if (!set_text(&client->name, connect->name) || !set_text(&client->lang, connect->lang) ||
	    !set_text(&client->version, connect->version))
		return -ENOMEM;
	set_title(client);
	return 0;
}

/* False when the client was refused: it has its error and is being closed. */
static bool may_enter(struct broker_client *client, const struct wire_connect *connect)
{
	const char *reason;
	if (*connect->account || connect->new_account) {
		broker__client_log(client, BROKER_LOG_ERROR, "CONNECT asks for an account of its own");
		violate(client, connect->user);
		return false;
	}
	struct wire_slice fault = find_fault(client, connect, &reason);
	if (fault.len == 0)
		return true;
	broker__client_log(client, BROKER_LOG_ERROR, "%.*s", (int)fault.len, fault.data);
	broker__client_send_error(client, fault);
	broker__client_close(client, reason);
	return false;
}

static void welcome(struct broker_client *client, const struct wire_connect *connect,
		    const struct broker__identity *identity)
{
	client->life = BROKER__CONNECTED;
	if (become(client, identity) < 0) {
		broker__client_cut(client, "Read Error");
		return;
	}
	if (!may_enter(client, connect))
		return;
	client->events->admitted(client);
	if (!client->is_announced)
		broker__emit_connect(client);
	broker__client_send_ok(client);
}

static void on_verified(struct broker_client *client, struct wire_connect *connect,
			const struct broker__proof *proof);

/* The certificate says who it is, whatever CONNECT says; a password must still be that of the user [2.9.10, auth.go]. */
static bool take_user_of_certificate(const struct broker_client *client, struct wire_connect *connect)
{
	struct broker__identity identity;
	return broker__certificate_identify(client, &identity) && set_text(&connect->user, identity.user);
}

/* Admit the client or refuse it, or start verifying its password, which takes *connect. */
static void check(struct broker_client *client, struct wire_connect *connect,
		  const struct broker__proof *proof)
{
	const struct broker *broker = client->loop->broker;
	struct broker__identity identity;
	const char *hash = NULL;
	if (broker->options.tls.verify_and_map && broker__auth_is_required(&broker->options) &&
	    !take_user_of_certificate(client, connect)) {
		violate(client, connect->user);
		return;
	}
	switch (broker__auth_check(&broker->options, connect, broker->seed, proof, &identity, &hash)) {
	case BROKER__GRANTED: welcome(client, connect, &identity); break;
	case BROKER__REFUSED: violate(client, connect->user); break;
	case BROKER__UNDECIDED:
		if (broker__login_start(client, connect, hash, broker__auth_given(&broker->options, connect),
					on_verified) < 0)
			broker__client_cut(client, "Read Error");
	}
}

static void on_verified(struct broker_client *client, struct wire_connect *connect,
			const struct broker__proof *proof)
{
	check(client, connect, proof);
	if (!client->login)
		broker__client_resume(client, BROKER__VERIFYING);
}

void broker__op_connect(struct broker_client *client, struct wire_slice json)
{
	struct wire_connect connect;
	struct wire_fault fault;
	if (wire_connect_read(&connect, json, &fault) < 0) {
		broker__client_log(client, BROKER_LOG_ERROR, "CONNECT refused: %s", fault.text);
		broker__client_close(client, "Protocol Violation");
		return;
	}
	client->last_ns = client->loop->now_ns;
	if (client->rtt_ns == 0 && client->loop->now_ns > client->start_ns)
		client->rtt_ns = client->loop->now_ns - client->start_ns;
	adopt(client, &connect);
	if (note_names(client, &connect) < 0)
		broker__client_cut(client, "Read Error");
	else
		check(client, &connect, NULL);
	wire_connect_fini(&connect);
}
