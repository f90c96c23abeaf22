#include "replay/diff/subjects.h"

#include <errno.h>
#include <stdlib.h>
#include <xxhash.h>

enum {
	SLOTS_MIN = 256,
	TEXT_BYTES_MAX = 64 << 20,
	HISTOGRAMS_MAX = 8192, /* usually 3 KiB each */
};

static struct replay__subject *make(struct wire_slice name, bool is_reply, uint64_t hash)
{
	struct replay__subject *subject = calloc(1, sizeof *subject + name.len);
	if (!subject)
		return NULL;
	char *text = (char *)(subject + 1);
	if (name.len > 0)
		memcpy(text, name.data, name.len);
	subject->hash = hash;
	subject->counts.subject = wire_slice(text, name.len);
	subject->counts.is_reply = is_reply;
	TAILQ_INIT(&subject->waiting[REPLAY_A]);
	TAILQ_INIT(&subject->waiting[REPLAY_B]);
	return subject;
}

static void free_subject(struct replay__subject *subject)
{
	if (!subject)
		return;
	for (int side = 0; side < REPLAY_SIDES; side++) {
		if (subject->latencies[side])
			trace_histogram_fini(subject->latencies[side]);
		free(subject->latencies[side]);
	}
	free(subject);
}

int replay__subjects_init(struct replay__subjects *subjects)
{
	*subjects = (struct replay__subjects){.slots = calloc(SLOTS_MIN, sizeof(struct replay__subject *)),
					      .mask = SLOTS_MIN - 1,
					      .others = make(wire_slice(NULL, 0), false, 0)};
	return subjects->slots && subjects->others ? 0 : -ENOMEM;
}

void replay__subjects_fini(struct replay__subjects *subjects)
{
	for (size_t i = 0; subjects->slots && i <= subjects->mask; i++)
		free_subject(subjects->slots[i]);
	free(subjects->slots);
	free_subject(subjects->others);
	*subjects = (struct replay__subjects){0};
}

static struct replay__subject **slot_of(const struct replay__subjects *subjects, struct wire_slice name,
					bool is_reply, uint64_t hash)
{
	for (size_t at = hash & subjects->mask;; at = (at + 1) & subjects->mask) {
		struct replay__subject *there = subjects->slots[at];
		if (!there || (there->hash == hash && there->counts.is_reply == is_reply &&
			       wire_slice_equal(there->counts.subject, name)))
			return &subjects->slots[at];
	}
}

static int grow(struct replay__subjects *subjects)
{
	struct replay__subjects old = *subjects;
	size_t slots = (old.mask + 1) * 2;
	subjects->slots = calloc(slots, sizeof *subjects->slots);
	if (!subjects->slots) {
		subjects->slots = old.slots;
		return -ENOMEM;
	}
	subjects->mask = slots - 1;
	for (size_t i = 0; i <= old.mask; i++) {
		struct replay__subject *subject = old.slots[i];
		if (subject)
			*slot_of(subjects, subject->counts.subject, subject->counts.is_reply, subject->hash) =
			    subject;
	}
	free(old.slots);
	return 0;
}

static bool is_full(const struct replay__subjects *subjects, struct wire_slice name)
{
	return subjects->count >= REPLAY_DIFF_SUBJECTS_MAX ||
	       subjects->text_bytes + name.len > TEXT_BYTES_MAX;
}

struct replay__subject *replay__subjects_get(struct replay__subjects *subjects, struct wire_slice name,
					     bool is_reply)
{
	uint64_t hash = XXH3_64bits_withSeed(name.data, name.len, is_reply);
	struct replay__subject **slot = slot_of(subjects, name, is_reply, hash);
	if (*slot)
		return *slot;
	if (is_full(subjects, name))
		return subjects->others;
	if (subjects->count * 2 > subjects->mask) {
		if (grow(subjects) != 0)
			return NULL;
		slot = slot_of(subjects, name, is_reply, hash);
	}
	*slot = make(name, is_reply, hash);
	if (*slot) {
		subjects->count++;
		subjects->text_bytes += name.len;
	}
	return *slot;
}

void replay__subjects_add_latency(struct replay__subjects *subjects, struct replay__subject *subject,
				  enum replay_diff_side side, int64_t ns)
{
	struct trace_histogram **latencies = &subject->latencies[side];
	if (!*latencies && subjects->histograms < HISTOGRAMS_MAX) {
		*latencies = calloc(1, sizeof **latencies);
		subjects->histograms += *latencies != NULL;
	}
	if (*latencies)
		(void)trace_histogram_add(*latencies, ns);
}
