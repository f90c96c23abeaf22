/* connection.h - where and as which user to connect: the options of every command that connects, with
 * natscli's names, environment variables and contexts. */
#ifndef CLI_OPTIONS_CONNECTION_H
#define CLI_OPTIONS_CONNECTION_H

#include "cli/options/options.h"
#include "net/client/target.h"

struct cli_connection {
	struct net_client_target_options target;
	const char *context;
	const char *name; /* of the connection; NULL: the command's own */
	const char *socks_proxy, *js_domain, *js_prefix;
	const char *bad_timeout; /* the value of NATS_TIMEOUT, when it is no duration */
	bool tls_first;
	bool
	    uses_selected; /* set by commands that only read: without a server, use the context that natscli selected */
	bool ignores_selected;    /* unless the user forbids it */
	bool ignores_environment; /* the variables are those of another connection */
};

/* Sets a struct cli_connection, prepared by cli_connection_init. */
extern const struct cli_option cli_connection_options[];

/* Where JetStream is, for commands that use it; sets a struct cli_connection, too. */
extern const struct cli_option cli_jetstream_options[];

void cli_connection_init(struct cli_connection *connection);

/* A target from flags, else the environment, else the context. A context is used when --context or NATS_CONTEXT names
 * it, or see uses_selected: a replay must not go to the server that natscli has selected. A user without a password is a
 * token, as for natscli. CLI_GO_ON with
 * *target, to be closed by the caller; or an exit status after a complaint. */
int cli_connection_build(const struct cli_command *command, const struct cli_connection *connection,
			 struct net_client_target **target);

/* Where JetStream is; "": the server's own. */
struct cli_jetstream {
	char domain[128], prefix[256];
};

/* Likewise, with *jetstream from flags, else the context. */
int cli_connection_build_jetstream(const struct cli_command *command, const struct cli_connection *connection,
				   struct net_client_target **target, struct cli_jetstream *jetstream);

/* The name that was given for the connection, else that of the command. */
const char *cli_connection_name(const struct cli_connection *connection, const char *fallback);

/* Print the fault of connecting on stderr. Returns the exit status for it. */
int cli_connection_error(const struct cli_command *command, const struct wire_fault *fault);

#endif
