/* summary.h - the requests that a mock received, counted by subject in bounded memory. Internal to replay/mock. */
#ifndef REPLAY_MOCK_SUMMARY_H
#define REPLAY_MOCK_SUMMARY_H

#include "replay/mock/mock.h"
#include "store/format/table.h"

/* The first of `counts` is for all subjects beyond the bound. */
struct replay__mock_summary {
	struct replay_mock_count total;
	struct replay_mock_count *counts; /* owned, and their texts */
	size_t counts_len;
	struct replay_mock_unknown unknown[REPLAY_MOCK_UNKNOWN_MAX]; /* texts owned */
	size_t unknown_len;
	struct store_table by_subject;
};

/* 0 or -ENOMEM. Call replay__mock_summary_fini in either case. */
int replay__mock_summary_init(struct replay__mock_summary *summary);
void replay__mock_summary_fini(struct replay__mock_summary *summary);

/* Count a request. Without memory for its subject it is counted among the others. */
void replay__mock_summary_add(struct replay__mock_summary *summary, struct wire_slice subject,
			      struct wire_slice payload, enum replay_mock_match match);

#endif
