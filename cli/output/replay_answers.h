/* replay_answers.h - requests and their live replies, for people and for programs. */
#ifndef CLI_OUTPUT_REPLAY_ANSWERS_H
#define CLI_OUTPUT_REPLAY_ANSWERS_H

#include "cli/output/json.h"
#include "replay/verify/answers.h"

/* Prints mismatches as they are found: all of them as JSON, one object a line; for people the first few. */
struct cli_replay_mismatches {
	struct cli_out *out; /* borrowed; flushed by the caller */
	bool json;
	uint64_t printed;
};

/* As mismatch of replay_answers_options; context is a struct cli_replay_mismatches. */
void cli_replay_mismatch(void *context, const struct replay_mismatch *mismatch);

void cli_replay_answers_text(struct cli_out *out, const struct replay_answers_report *report, bool verified);
/* The member "requests" of the report. */
void cli_replay_answers_json(struct cli_json *json, const struct replay_answers_report *report,
			     bool verified);

/* Requests whose live replies are not the recorded ones. */
uint64_t cli_replay_mismatch_count(const struct replay_answers_report *report);

#endif
