/* cmd_mark.c - tapedeck mark: note something in a log, or in the logs that are being recorded. */
#include <stdlib.h>

#include "cli/commands/commands.h"
#include "cli/options/connection.h"
#include "cli/output/errors.h"
#include "net/client/client.h"
#include "store/care/mark_log.h"
#include "wire/mark.h"

enum { CONFIRM_MS = 5000 };

static const struct cli_option_group groups[] = {{"Connecting", cli_connection_options, 0}, {0}};

/* The operands with a blank between them, owned by the caller; NULL when out of memory. */
static char *join(const struct cli_operands *words)
{
	size_t size = 1;
	for (int i = 0; i < words->len; i++)
		size += strlen(words->values[i]) + 1;
	char *text = calloc(size, 1), *end = text;
	for (int i = 0; text && i < words->len; i++)
		end = stpcpy(stpcpy(end, i > 0 ? " " : ""), words->values[i]);
	return text;
}

static int refuse_unconfirmed(const struct cli_command *command, struct net_client_errors *errors)
{
	pthread_mutex_lock(&errors->mutex);
	cli_error(command, "the server did not take the mark: %s",
		  errors->last_error[0] ? errors->last_error : "no answer within 5 s");
	pthread_mutex_unlock(&errors->mutex);
	return CLI_CONNECT;
}

static int publish(const struct cli_command *command, struct net_client *client,
		   struct net_client_errors *errors, const char *text)
{
	const struct net_client_message message = {.subject = WIRE_MARK_SUBJECT,
						   .payload = wire_slice_str(text)};
	enum net_client_published published = net_client_publish(client, &message);
	if (published == NET_CLIENT_TOO_LARGE)
		return cli_usage_error(command, "the text is larger than the server's max_payload");
	bool is_sent = published == NET_CLIENT_COLLECTED && net_client_push(client) &&
		       net_client_confirm(client, CONFIRM_MS);
	return is_sent && errors->not_permitted == 0 ? CLI_DONE : refuse_unconfirmed(command, errors);
}

static int connect_and_publish(const struct cli_command *command, struct net_client_target *target,
			       const char *text)
{
	struct net_client_errors errors;
	struct net_client_loop *loop = NULL;
	struct net_client *client = NULL;
	struct wire_fault fault;
	net_client_errors_init(&errors);
	int error = net_client_loop_open(&loop, &fault);
	if (!error)
		error = net_client_open(&client, loop, target, "tapedeck mark", &errors, &fault);
	int status = error ? cli_connection_error(command, &fault) : publish(command, client, &errors, text);
	net_client_loop_stop(loop);
	net_client_close(client);
	net_client_loop_close(loop);
	net_client_end_threads();
	net_client_errors_fini(&errors);
	return status;
}

/* ---- into a log ---- */

/* `mark LOG TEXT`: the first operand is a log, and no server is named. */
static bool names_log(const struct cli_connection *connection, const struct cli_operands *words)
{
	return words->len > 1 && !connection->target.servers && !connection->context &&
	       store_mark_log_is_one(words->values[0]);
}

static int mark_log(const struct cli_command *command, const char *log, const char *text)
{
	struct wire_fault fault;
	if (store_mark_log(log, text, CONFIRM_MS, &fault) == 0)
		return CLI_DONE;
	cli_error(command, "%s", fault.text);
	return CLI_IO;
}

/* ---- the command ---- */

static int mark(const struct cli_command *command, const struct cli_connection *connection,
		struct cli_operands *words)
{
	struct net_client_target *target = NULL;
	const char *log = names_log(connection, words) ? words->values[0] : NULL;
	struct cli_operands rest = {.values = words->values + (log != NULL),
				    .len = words->len - (log != NULL)};
	char *text = join(&rest);
	int status = CLI_GO_ON;
	if (!text) {
		cli_error(command, "out of memory");
		return CLI_IO;
	}
	if (!log)
		status = cli_connection_build(command, connection, &target);
	if (status == CLI_GO_ON)
		status = log ? mark_log(command, log, text) : connect_and_publish(command, target, text);
	net_client_target_close(target);
	free(text);
	return status;
}

static int run(const struct cli_command *command, int argc, char **argv)
{
	struct cli_connection connection;
	struct cli_operands words;
	cli_connection_init(&connection);
	int status = cli_options_parse(command, argc, argv, &connection, &words);
	if (status == CLI_GO_ON && words.len == 0)
		status = cli_usage_error(command, "give the text of the mark");
	return status == CLI_GO_ON ? mark(command, &connection, &words) : status;
}

const struct cli_command cli_mark = {
    .name = "mark",
    .summary = "note something in a log, or in those being recorded now",
    .group = CLI_TASK_RECORD,
    .operands = "[LOG] TEXT...",
    .about =
	"Adds a mark to a log: a line among the events, found again with --kind mark.\n"
	"\n"
	"With LOG, into that log. When a process is recording into it, it adds the mark, and the command "
	"waits "
	"for that.\n"
	"\n"
	"Without LOG, or with --server, publishes TEXT on " WIRE_MARK_SUBJECT
	". Whatever records it (the broker, a sniffer) adds a mark to its log. Any client may publish to the "
	"subject instead.",
    .examples = "  tapedeck mark log 'disk replaced'               into this log\n"
		"  tapedeck mark deploying billing 1.4             what records the server\n"
		"  tapedeck cat log --kind mark                    when was that?\n"
		"  nats pub '$TAPEDECK.MARK' 'load test begins'    the same from natscli",
    .options = groups,
    .run = run,
};
