/* groups_json.h - print rows of messages and bytes by name as JSON (keys: docs/stat.md). */
#ifndef CLI_OUTPUT_GROUPS_JSON_H
#define CLI_OUTPUT_GROUPS_JSON_H

#include "cli/output/groups_text.h"
#include "export/text/json.h"

/* A member "NOUN_count" and an array "NOUNs" of the first `top` rows, each with its name as member NOUN. Words are keys. histories: one for
 * each row that is shown, as member "intervals"; NULL = none. */
void cli_groups_json(struct export_json *json, const struct cli_groups_scale *scale,
		     const struct store_groups *groups, uint64_t top, const struct cli_groups_words *words,
		     const struct cli_groups_history *histories);

#endif
