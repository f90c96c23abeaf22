/* broker_flags.h - the options of `tapedeck broker`: nats-server's own, and those of the recording. They set
 * struct cli_broker_settings. */
#ifndef CLI_OPTIONS_BROKER_FLAGS_H
#define CLI_OPTIONS_BROKER_FLAGS_H

#include "cli/options/options.h"

extern const struct cli_option_group cli_broker_groups[];

#endif
