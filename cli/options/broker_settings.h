/* broker_settings.h - the settings of `tapedeck broker` and `nats-server`: defaults, then the configuration
 * file, then the flags. */
#ifndef CLI_OPTIONS_BROKER_SETTINGS_H
#define CLI_OPTIONS_BROKER_SETTINGS_H

#include "broker/config/options.h"
#include "cli/options/masking.h"
#include "cli/options/recording.h"

struct cli_broker_settings {
	struct broker_options broker; /* owned until broker_open takes it */
	struct cli_recording recording;
	struct cli_masking masking;
	const char *config_path; /* NULL: none */
	const char *signal;      /* to send to a running server; NULL: serve */
	bool show_version, test;
	/* Flags of features that are not served. */
	bool has_jetstream, has_cluster_flag, has_syslog;
	const char *jetstream, *cluster, *syslog, *other;
};

/* Defaults. */
void cli_broker_settings_init(struct cli_broker_settings *settings);
void cli_broker_settings_fini(struct cli_broker_settings *settings);

/* Apply the flags to *settings. CLI_GO_ON or an exit status, as cli_options_parse. */
int cli_broker_settings_flags(const struct cli_command *command, struct cli_broker_settings *settings,
			      int argc, char **argv);

/* Apply the configuration file, then the flags again, since they override it. When is_loud, report on stderr
 * the features that are not served. CLI_GO_ON or an exit status. */
int cli_broker_settings_read(const struct cli_command *command, struct cli_broker_settings *settings,
			     int argc, char **argv, bool is_loud, struct wire_fault *fault);

#endif
