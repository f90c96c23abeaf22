#include "cli/output/groups_json.h"

#include <stdio.h>

static void put_history(struct cli_json *json, const struct cli_groups_history *history)
{
	cli_json_array(json, "intervals");
	for (size_t i = 0; i < history->len; i++)
		cli_json_number(json, NULL, (uint64_t)history->counts[i]);
	cli_json_array_end(json);
}

void cli_groups_json(struct cli_json *json, const struct cli_groups_scale *scale,
		     const struct store_groups *groups, uint64_t top, const struct cli_groups_words *words,
		     const struct cli_groups_history *histories)
{
	char key[64];

	snprintf(key, sizeof(key), "%s_count", words->noun);
	cli_json_number(json, key, groups->len);
	if (groups->other_messages > 0) {
		cli_json_number(json, "other_messages", groups->other_messages);
		cli_json_number(json, "other_bytes", groups->other_bytes);
	}
	snprintf(key, sizeof(key), "%ss", words->noun);
	cli_json_array(json, key);
	for (size_t i = 0; i < groups->len && i < top; i++) {
		const struct store_group *group = &groups->list[i];

		cli_json_object(json, NULL);
		cli_json_bytes(json, words->noun, group->name);
		cli_json_number(json, words->counted, group->messages);
		cli_json_number(json, "bytes", group->bytes);
		if (scale->seconds > 0)
			cli_json_real(json, "rate", (double)group->messages / scale->seconds);
		if (histories)
			put_history(json, &histories[i]);
		cli_json_object_end(json);
	}
	cli_json_array_end(json);
}
