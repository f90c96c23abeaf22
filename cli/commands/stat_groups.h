/* stat_groups.h - the messages of a log by one dimension, as --by and --compare need them. */
#ifndef CLI_COMMANDS_STAT_GROUPS_H
#define CLI_COMMANDS_STAT_GROUPS_H

#include "cli/commands/stat_session.h"
#include "cli/output/groups_text.h"
#include "wire/source.h"

/* --by, as call of struct cli_option; sets a struct cli_stat_key. */
int cli_stat_key_parse(void *member, const char *argument, struct wire_fault *fault);

struct cli_stat_groups {
	struct store_groups groups; /* owned; sorted */
	uint64_t events, counted;   /* that passed the filter; messages, or events by kind, each once */
	uint64_t bytes;             /* of what was counted */
	int64_t first_ns, last_ns;  /* time of day of the first and the last event */
	int64_t span_ns, down_ns;   /* between them, steady; of that, while nothing was logged */
	struct wire_damage damage;
};

/* The words of a table by that key: for people, and the keys of JSON. */
struct cli_groups_words cli_stat_words(const struct cli_stat_key *key, bool json);

/* Read an input. Of a log by subject only dictionaries are read. 0; or a negative code with *fault, of a capture with what
 * was counted up to there. In either case call cli_stat_groups_fini. */
int cli_stat_groups_read(struct cli_stat_groups *found, struct cli_stat_session *session,
			 const struct cli_stat_input *input, const struct store_filter *filter,
			 struct wire_fault *fault);
void cli_stat_groups_fini(struct cli_stat_groups *found);

#endif
