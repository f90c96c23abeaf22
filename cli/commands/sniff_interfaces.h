/* sniff_interfaces.h - list the interfaces that can be captured on. */
#ifndef CLI_COMMANDS_SNIFF_INTERFACES_H
#define CLI_COMMANDS_SNIFF_INTERFACES_H

#include "cli/cli.h"

/* Print one line for each on standard output; when this process may not capture on them, print that on stderr. Returns an exit
 * status. */
int cli_sniff_list_interfaces(const struct cli_command *command);

#endif
