/* survey.h - look through what would be played, without playing it: for a plan, and for the connections that are to be
 * opened before the start. Reads no payloads. */
#ifndef REPLAY_PLAY_SURVEY_H
#define REPLAY_PLAY_SURVEY_H

#include "replay/play/feed.h"
#include "replay/play/schedule.h"

enum { REPLAY_SURVEY_SUBJECTS = 10000 }; /* counted each; the rest together */

struct replay_survey_options {
	struct replay_input input;
	const struct replay_select *select;
	const struct replay_plan *plan;
	struct replay_map *map;   /* of the rewriter; borrowed */
	bool ask;                 /* requests get live replies: recorded ones are not played */
	const char *inbox_prefix; /* as in replay_answers_options */
	int64_t origin_ns;        /* as in replay_player_options */
};

struct replay__names;

struct replay_survey_subject {
	const char *subject; /* as it would be published; NUL-terminated, owned by the survey */
	uint64_t messages, bytes;
};

struct replay_survey {
	struct replay_feed_counts read;
	uint64_t messages, bytes, requests; /* that would be played, in one pass and without clones */
	int64_t first_ns, last_ns;          /* times of day of the first and the last of them */
	int64_t span_ns;                    /* how long a pass would take; 0 when the schedule has no times */
	struct replay_roster roster;
	bool roster_is_full;                    /* there are more connections than REPLAY_ROSTER_MAX */
	struct replay_survey_subject *subjects; /* the most messages first */
	uint32_t subjects_len;
	uint64_t other_subjects_messages; /* of subjects that are not in the list */
	struct replay__names *names;      /* owned */
};

/* 0, or a negative code with *fault. To be given to replay_survey_fini in either case. */
int replay_survey_read(struct replay_survey *survey, const struct replay_survey_options *options,
		       struct wire_fault *fault);
void replay_survey_fini(struct replay_survey *survey);

#endif
