#include "cli/options/broker_settings.h"
#include "cli/output/errors.h"

#include <stdio.h>

#include "broker/config/config.h"

void cli_broker_settings_init(struct cli_broker_settings *settings)
{
	*settings = (struct cli_broker_settings){0};
	cli_recording_init(&settings->recording);
	broker_options_init(&settings->broker);
}

void cli_broker_settings_fini(struct cli_broker_settings *settings)
{
	broker_options_fini(&settings->broker);
	cli_recording_fini(&settings->recording);
	cli_masking_fini(&settings->masking);
}

static void report_unserved(const struct cli_command *command, const struct cli_broker_settings *settings)
{
	if (settings->has_jetstream || settings->jetstream)
		cli_error(command, "JetStream flags are ignored: JetStream is not served");
	if (settings->has_cluster_flag || settings->cluster)
		cli_error(command, "cluster flags are ignored: this server does not form clusters");
	if (settings->has_syslog || settings->syslog)
		cli_error(command, "syslog flags are ignored: lines go to stderr or --log; "
				   "use the service manager's journal");
	if (settings->other)
		cli_error(command, "log_size_limit, max_traced_msg_len and profile are ignored: not served");
}

int cli_broker_settings_flags(const struct cli_command *command, struct cli_broker_settings *settings,
			      int argc, char **argv)
{
	struct cli_operands operands;
	cli_recording_fini(&settings->recording);
	cli_masking_fini(&settings->masking);
	int status = cli_options_parse(command, argc, argv, settings, &operands);
	if (status != CLI_GO_ON)
		return status;
	if (operands.len > 0 && strcmp(operands.values[0], "version") == 0)
		settings->show_version = true;
	else if (operands.len > 0)
		return cli_usage_error(command, "unexpected argument \"%s\"", operands.values[0]);
	if (!command->alone)
		status = cli_recording_check(command, &settings->recording, argc, argv);
	return status == CLI_GO_ON ? cli_masking_check(command, &settings->masking) : status;
}

static void report(void *context, const char *line)
{
	const struct cli_command *const *command = context;
	cli_error(*command, "%s", line);
}

/* Refuse flags that contradict each other. A flag and a key of the file may. */
static int check_flags(const struct broker_options *flags, struct wire_fault *fault)
{
	if ((flags->username || flags->password) && flags->token)
		return wire_fault_set(fault, BROKER_ECONFIG,
				      "Cannot have a user/pass and token; choose one of them");
	return 0;
}

int cli_broker_settings_read(const struct cli_command *command, struct cli_broker_settings *settings,
			     int argc, char **argv, bool is_loud, struct wire_fault *fault)
{
	if (check_flags(&settings->broker, fault) < 0)
		return CLI_FOUND;
	/* A port of 0 means the default, here and in the file, as in nats-server. */
	settings->broker.port = settings->broker.port ? settings->broker.port : BROKER_PORT;
	if (settings->config_path && broker_config_load(settings->config_path, &settings->broker,
							is_loud ? report : NULL, &command, fault) < 0)
		return CLI_FOUND;
	int port = settings->broker.port;
	int status = cli_broker_settings_flags(command, settings, argc, argv);
	if (status != CLI_GO_ON)
		return status;
	settings->broker.port = settings->broker.port ? settings->broker.port : port;
	if (is_loud)
		report_unserved(command, settings);
	return broker_options_check(&settings->broker, fault) < 0 ? CLI_FOUND : CLI_GO_ON;
}
