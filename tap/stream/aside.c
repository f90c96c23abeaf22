#include "tap/stream/aside.h"

#include <stdlib.h>
#include <string.h>

#include "tap/stream/side.h"

/* Segments this near to each other are of one stream. */
#define NEAR_BYTES (UINT32_C(16) << 20)

/* What is kept at most, of one side. */
enum { PIECES_MAX = 32, KEPT_BYTES_MAX = 1 << 20 };

static uint64_t memory_of(const struct tap__piece *piece)
{
	return sizeof *piece + piece->len;
}

static uint32_t piece_bytes(const struct tap__piece *piece)
{
	return piece->len + piece->missing;
}

void tap__aside_free(struct tap__assembly *assembly, struct tap__piece *piece)
{
	tap_budget_give(assembly->budget, memory_of(piece));
	free(piece);
}

/* Returns the oldest piece, or NULL. */
static struct tap__piece *unchain(struct tap__aside *aside)
{
	struct tap__piece *piece = aside->oldest;
	if (!piece)
		return NULL;
	aside->oldest = piece->next;
	if (!aside->oldest)
		aside->newest = NULL;
	aside->pieces--;
	aside->kept_bytes -= memory_of(piece);
	return piece;
}

struct tap__piece *tap__aside_remove(struct tap__assembly *assembly, struct tap__aside *aside)
{
	struct tap__piece *piece = unchain(aside);
	if (!piece)
		return NULL;
	assembly->stats.strays--;
	assembly->stats.stray_bytes -= piece_bytes(piece);
	return piece;
}

void tap__aside_fini(struct tap__assembly *assembly, struct tap__aside *aside)
{
	struct tap__piece *piece;
	while ((piece = unchain(aside)) != NULL)
		tap__aside_free(assembly, piece);
	*aside = (struct tap__aside){0};
}

static struct tap__piece *make_piece(struct tap__assembly *assembly, const struct tap__run *run)
{
	uint64_t bytes = sizeof(struct tap__piece) + run->data.len;
	if (!tap_budget_take(assembly->budget, bytes))
		return NULL;
	struct tap__piece *piece = malloc(bytes);
	if (!piece) {
		tap_budget_give(assembly->budget, bytes);
		return NULL;
	}
	*piece = (struct tap__piece){.time_ns = run->time_ns,
				     .seq = run->seq,
				     .len = (uint32_t)run->data.len,
				     .missing = run->missing,
				     .is_pushed = run->is_pushed};
	if (piece->len > 0)
		memcpy(piece->data, run->data.data, piece->len);
	return piece;
}

/* Forget the oldest segment. */
static void drop_oldest(struct tap__assembly *assembly, struct tap__aside *aside)
{
	tap__aside_free(assembly, unchain(aside));
	aside->first = aside->oldest ? aside->oldest->seq : aside->end;
	for (const struct tap__piece *piece = aside->oldest; piece; piece = piece->next)
		if ((int32_t)(piece->seq - aside->first) < 0)
			aside->first = piece->seq;
}

static void keep(struct tap__assembly *assembly, struct tap__aside *aside, const struct tap__run *run)
{
	struct tap__piece *piece = make_piece(assembly, run);
	if (!piece)
		return;
	*(aside->newest ? &aside->newest->next : &aside->oldest) = piece;
	aside->newest = piece;
	aside->pieces++;
	aside->kept_bytes += memory_of(piece);
	while (aside->pieces > PIECES_MAX || aside->kept_bytes > KEPT_BYTES_MAX)
		drop_oldest(assembly, aside);
}

bool tap__aside_has(const struct tap__aside *aside, uint32_t seq)
{
	return aside->is_used &&
	       seq - (aside->first - NEAR_BYTES) <= aside->end - aside->first + 2 * NEAR_BYTES;
}

/* The range grows: its beginning too when segments come out of order. */
static void extend(struct tap__aside *aside, const struct tap__run *run)
{
	uint32_t end = run->seq + tap__run_bytes(run);
	if ((int32_t)(run->seq - aside->first) < 0)
		aside->first = run->seq;
	if ((int32_t)(run->seq - aside->end) >= 0)
		aside->followers += tap__run_bytes(run) > 0;
	if ((int32_t)(end - aside->end) > 0)
		aside->end = end;
}

void tap__aside_put(struct tap__assembly *assembly, struct tap__aside *aside, const struct tap__run *run)
{
	if (!tap__aside_has(aside, run->seq))
		tap__aside_fini(assembly, aside);
	if (!aside->is_used)
		*aside = (struct tap__aside){.is_used = true, .first = run->seq, .end = run->seq};
	extend(aside, run);
	aside->idle = 0;
	assembly->stats.strays++;
	assembly->stats.stray_bytes += tap__run_bytes(run);
	if (tap__run_bytes(run) > 0)
		keep(assembly, aside, run);
}
