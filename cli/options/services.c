#include "cli/options/services.h"

#define AT(member) offsetof(struct cli_services, member)

const struct cli_option cli_services_options[] = {
    {.name = "by",
     .kind = CLI_CHOICE,
     .argument = "name|user|ip|conn",
     .help =
	 "which clients are one service: those of the same name (default), user or IP address; conn: each "
	 "connection by itself",
     .at = AT(key)},
    {.name = "fold",
     .kind = CLI_FLAG,
     .help = "count subjects that differ by a number or an id as one: orders.*.paid",
     .at = AT(fold)},
    {.name = NULL},
};
