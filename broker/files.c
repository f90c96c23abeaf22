#include "broker/files.h"

#include <stdlib.h>
#include <unistd.h>

#include "broker/log.h"
#include "broker/ports.h"

static int write_ports(struct broker *broker, struct wire_fault *fault)
{
	const struct broker_options *options = &broker->options;
	if (!options->ports_file_dir)
		return 0;
	const struct broker_ports ports = {.host = broker->host,
					   .port = broker->port,
					   .is_tls = broker->tls != NULL,
					   .http_host = options->http_host,
					   .http_port = broker->http_port,
					   .is_https = options->https_port != 0};
	return broker_ports_write(options->ports_file_dir, &ports, &broker->ports_path, fault);
}

int broker__files_write(struct broker *broker, struct wire_fault *fault)
{
	const struct broker_options *options = &broker->options;
	int error = options->pid_path ? broker_pid_write(options->pid_path, fault) : 0;
	return error ? error : write_ports(broker, fault);
}

static bool is_same(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static void move_pid_file(struct broker *broker, const struct broker_options *before)
{
	const char *path = broker->options.pid_path;
	struct wire_fault fault;
	if (!path || is_same(path, before->pid_path))
		return;
	if (broker_pid_write(path, &fault) < 0)
		broker_log(broker->log, BROKER_LOG_ERROR, "%s", fault.text);
	else
		broker_log(broker->log, BROKER_LOG_INFO, "Reloaded: pid_file = %s", path);
}

static void move_ports_file(struct broker *broker, const struct broker_options *before)
{
	const char *dir = broker->options.ports_file_dir;
	struct wire_fault fault;
	if (is_same(dir, before->ports_file_dir))
		return;
	if (broker->ports_path)
		unlink(broker->ports_path);
	free(broker->ports_path);
	broker->ports_path = NULL;
	if (write_ports(broker, &fault) < 0)
		broker_log(broker->log, BROKER_LOG_ERROR, "%s", fault.text);
	else
		broker_log(broker->log, BROKER_LOG_INFO, "Reloaded: ports_file_dir = %s", dir ? dir : "");
}

static void move_log_file(struct broker *broker, const struct broker_options *before)
{
	const char *path = broker->options.log_path;
	if (is_same(path, before->log_path))
		return;
	int error = broker_log_move(broker->log, path);
	if (error)
		broker_log(broker->log, BROKER_LOG_ERROR,
			   "cannot open the log file %s: %s; the old one stays in use",
			   path ? path : "(standard error)", wire_error_text(error));
	else
		broker_log(broker->log, BROKER_LOG_INFO, "Reloaded: log_file = %s", path ? path : "");
}

void broker__files_move(struct broker *broker, const struct broker_options *before)
{
	move_pid_file(broker, before);
	move_ports_file(broker, before);
	move_log_file(broker, before);
}
