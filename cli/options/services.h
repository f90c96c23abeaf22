/* services.h - the options that define what counts as one service and as one subject. */
#ifndef CLI_OPTIONS_SERVICES_H
#define CLI_OPTIONS_SERVICES_H

#include "cli/options/options.h"

struct cli_services {
	int key;   /* --by; an enum trace_service_key */
	bool fold; /* --fold: ids in subjects become * */
};

/* Sets a struct cli_services, zeroed before. */
extern const struct cli_option cli_services_options[];

#endif
