/* rewrite.h - a recorded message as it will be published: other subjects, more or fewer headers. */
#ifndef REPLAY_PLAY_REWRITE_H
#define REPLAY_PLAY_REWRITE_H

#include "replay/play/map.h"
#include "wire/event.h"

struct replay_rewrite_options {
	const char *const *
	    maps; /* rules (replay/play/map.h); this and the next two: NULL-terminated, NULL = none, copied */
	const char *const *add_headers;  /* "Key: value" */
	const char *const *drop_headers; /* "Key", or "Prefix*"; case-sensitive, as in the NATS clients */
	bool provenance; /* headers Tapedeck-Time, Tapedeck-Seq, Tapedeck-Clone: where it comes from */
	uint32_t clones; /* 1: no clone is numbered */
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

/* clone: which one, from 1. */
void replay_rewrite(struct replay_rewrite *rewrite, const struct wire_event *message, uint32_t clone,
		    struct replay_rewritten *out);

/* The map within. */
struct replay_map *replay_rewrite_map(const struct replay_rewrite *rewrite);

/* Messages that leave with a header that makes a server swallow what it has seen before, or that expects a state of a
 * stream: Nats-Msg-Id, Nats-Expected-… */
uint64_t replay_rewrite_guarded(const struct replay_rewrite *rewrite);

#endif
