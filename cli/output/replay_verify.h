/* replay_verify.h - print requests and their live replies, for people and as JSON (keys: docs/replaying.md). */
#ifndef CLI_OUTPUT_REPLAY_VERIFY_H
#define CLI_OUTPUT_REPLAY_VERIFY_H

#include "export/text/json.h"
#include "replay/verify/live_replies.h"

/* Prints mismatches when they are found: as JSON all of them, one object per line; for people the first few. */
struct cli_replay_mismatches {
	struct export_out *out; /* borrowed; flushed by the caller */
	bool json;
	uint64_t printed;
};

/* As mismatch of replay_live_replies_options; context is a struct cli_replay_mismatches. */
void cli_replay_mismatch(void *context, const struct replay_mismatch *mismatch);

/* verified: replies were compared with the recorded ones. */
void cli_replay_verify_text(struct export_out *out, const struct replay_verify_report *report, bool verified);
/* The member "requests" of the report. */
void cli_replay_verify_json(struct export_json *json, const struct replay_verify_report *report,
			    bool verified);

/* How many requests got other replies than the recorded ones. */
uint64_t cli_replay_mismatch_count(const struct replay_verify_report *report);

#endif
