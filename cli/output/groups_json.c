#include "cli/output/groups_json.h"

#include <stdio.h>

static void put_history(struct export_json *json, const struct cli_groups_history *history)
{
	export_json_array(json, "intervals");
	for (size_t i = 0; i < history->len; i++)
		export_json_number(json, NULL, (uint64_t)history->counts[i]);
	export_json_array_end(json);
}

void cli_groups_json(struct export_json *json, const struct cli_groups_scale *scale,
		     const struct store_groups *groups, uint64_t top, const struct cli_groups_words *words,
		     const struct cli_groups_history *histories)
{
	char key[64];

	snprintf(key, sizeof(key), "%s_count", words->noun);
	export_json_number(json, key, groups->len);
	if (groups->other_messages > 0) {
		export_json_number(json, "other_messages", groups->other_messages);
		export_json_number(json, "other_bytes", groups->other_bytes);
	}
	snprintf(key, sizeof(key), "%ss", words->noun);
	export_json_array(json, key);
	for (size_t i = 0; i < groups->len && i < top; i++) {
		const struct store_group *group = &groups->list[i];

		export_json_object(json, NULL);
		export_json_bytes(json, words->noun, group->name);
		export_json_number(json, words->counted, group->messages);
		export_json_number(json, "bytes", group->bytes);
		if (scale->seconds > 0)
			export_json_real(json, "rate", (double)group->messages / scale->seconds);
		if (histories)
			put_history(json, &histories[i]);
		export_json_object_end(json);
	}
	export_json_array_end(json);
}
