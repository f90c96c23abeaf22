/* Any text: parsed, applied and freed without a crash, a hang or a leak. Includes find nothing. */
#include <stdint.h>
#include <stdlib.h>

#include "broker/config/config.h"
#include "broker/config/parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct wire_fault fault;
	struct broker_options options;
	broker_options_init(&options);
	json_t *config = broker_config_parse((const char *)data, size, "fuzz.conf", "/nonexistent", &fault);
	if (config && broker_config_apply(config, &options, NULL, NULL, &fault) == 0)
		broker_options_check(&options, &fault);
	json_decref(config);
	broker_options_fini(&options);
	return 0;
}
