#include "wire/mask/steps.h"

#include "wire/json_text.h"

/* ---- making them ---- */

static unsigned length_class(size_t key_len)
{
	return key_len < WIRE__MASK_KEY_LENGTHS ? (unsigned)key_len : WIRE__MASK_KEY_LENGTHS - 1;
}

static void add_step(struct wire__mask_steps *steps, const struct wire_json_step *step, unsigned at)
{
	unsigned word = at / 64;
	uint64_t bit = UINT64_C(1) << at % 64;
	steps->step[at] = step;
	switch (step->kind) {
	case WIRE_JSON_STEP_ANY: steps->any[word] |= bit; return;
	case WIRE_JSON_STEP_INDEX: steps->indexed[word] |= bit; return;
	case WIRE_JSON_STEP_DEEP_KEY: steps->deep[word] |= bit; break;
	case WIRE_JSON_STEP_KEY: break;
	}
	steps->named[word] |= bit;
	steps->named_of[length_class(step->key_len)][word] |= bit;
}

/* The first place where the steps of a path lie in one word. */
static unsigned find_place(const struct wire__mask_steps *steps, size_t count)
{
	unsigned used = steps->words * 64;
	unsigned free_bits = used > 0 ? (unsigned)__builtin_clzll(steps->last[steps->words - 1]) : 0;
	return free_bits >= count ? used - free_bits : used;
}

bool wire__mask_steps_add(struct wire__mask_steps *steps, const struct wire_json_path *path, unsigned rule)
{
	unsigned at = find_place(steps, path->count);
	if (at + path->count > WIRE__MASK_STEPS_MAX)
		return false;
	for (size_t i = 0; i < path->count; i++)
		add_step(steps, &path->steps[i], at + (unsigned)i);
	unsigned last = at + (unsigned)path->count - 1;
	steps->first[rule] = (uint16_t)at;
	steps->words = last / 64 + 1;
	steps->last[last / 64] |= UINT64_C(1) << last % 64;
	steps->rule[last] = (uint8_t)rule;
	return true;
}

void wire__mask_steps_begin(const struct wire__mask_steps *steps, unsigned rule, uint64_t *set)
{
	set[steps->first[rule] / 64] |= UINT64_C(1) << steps->first[rule] % 64;
}

/* ---- matching ---- */

static bool is_key(struct wire_slice key, bool has_escape, const struct wire_json_step *step)
{
	const struct wire_slice wanted = wire_slice(step->key, step->key_len);
	return has_escape ? wire_json_says(key, wanted) : wire_slice_equal(key, wanted);
}

/* Take over the steps that matched: `hit` of the active ones of a word. */
static inline uint64_t advance(const struct wire__mask_steps *steps, unsigned word, uint64_t active,
			       uint64_t hit, unsigned *rule)
{
	for (uint64_t done = hit & steps->last[word]; done; done &= done - 1) {
		unsigned covering = steps->rule[word * 64 + (unsigned)__builtin_ctzll(done)];
		*rule = covering < *rule ? covering : *rule;
	}
	return (active & steps->deep[word]) | (hit & ~steps->last[word]) << 1;
}

/* Hot: once for every key of a payload. */
bool wire__mask_steps_key(const struct wire__mask_steps *steps, const uint64_t *set, struct wire_slice key,
			  bool has_escape, uint64_t *member, unsigned *rule)
{
	const uint64_t *named = has_escape ? steps->named : steps->named_of[length_class(key.len)];
	uint64_t all = 0;
	*rule = WIRE__MASK_NO_RULE;
	for (unsigned word = 0; word < steps->words; word++) {
		uint64_t active = set[word], hit = active & steps->any[word];
		for (uint64_t maybe = active & named[word]; maybe; maybe &= maybe - 1) {
			unsigned bit = (unsigned)__builtin_ctzll(maybe);
			if (is_key(key, has_escape, steps->step[word * 64 + bit]))
				hit |= UINT64_C(1) << bit;
		}
		member[word] = advance(steps, word, active, hit, rule);
		all |= member[word];
	}
	return all != 0;
}

bool wire__mask_steps_index(const struct wire__mask_steps *steps, const uint64_t *set, size_t index,
			    uint64_t *element, unsigned *rule)
{
	uint64_t all = 0;
	*rule = WIRE__MASK_NO_RULE;
	for (unsigned word = 0; word < steps->words; word++) {
		uint64_t active = set[word], hit = active & steps->any[word];
		for (uint64_t maybe = active & steps->indexed[word]; maybe; maybe &= maybe - 1) {
			unsigned bit = (unsigned)__builtin_ctzll(maybe);
			if (steps->step[word * 64 + bit]->index == index)
				hit |= UINT64_C(1) << bit;
		}
		element[word] = advance(steps, word, active, hit, rule);
		all |= element[word];
	}
	return all != 0;
}
