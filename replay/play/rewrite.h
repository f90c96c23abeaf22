/* rewrite.h - change a recorded message before it is published: rename subjects, add and drop headers. */
#ifndef REPLAY_PLAY_REWRITE_H
#define REPLAY_PLAY_REWRITE_H

#include "replay/play/map.h"
#include "wire/event.h"

struct replay_rewrite_options {
	/* Lists are NULL-terminated and copied; NULL = none. */
	const char *const *maps;         /* rules (replay/play/map.h) */
	const char *const *add_headers;  /* "Key: value" */
	const char *const *drop_headers; /* "Key", or "Prefix*"; case-sensitive, as in the NATS clients */
	const char *
	    renew_id; /* added to each Nats-Msg-Id, so that a stream does not take it for a duplicate; copied; NULL: nothing is */
	bool provenance; /* add headers Tapedeck-Time, Tapedeck-Seq, Tapedeck-Clone */
	uint32_t clones; /* 1: without Tapedeck-Clone */
};

struct replay_rewrite;

/* 0, -ENOMEM or -EINVAL with *fault. */
int replay_rewrite_open(struct replay_rewrite **rewrite, const struct replay_rewrite_options *options,
			struct wire_fault *fault);
void replay_rewrite_close(struct replay_rewrite *rewrite);

/* Borrows the event or the rewriter, until its next call. */
struct replay_rewritten {
	struct wire_slice subject, reply, headers;
};

/* Rewrite a message. clone: its number, from 1. */
void replay_rewrite(struct replay_rewrite *rewrite, const struct wire_event *message, uint32_t clone,
		    struct replay_rewritten *out);

/* The map of subjects; owned by the rewriter. */
struct replay_map *replay_rewrite_map(const struct replay_rewrite *rewrite);

/* How many messages were published with a header that makes a stream discard duplicates or expect a state: Nats-Msg-Id,
 * Nats-Expected-… */
uint64_t replay_rewrite_guarded(const struct replay_rewrite *rewrite);

#endif
