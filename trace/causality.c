#include "trace/causality.h"

#include <stdlib.h>

#include "store/read/steps.h"

enum {
	AGES = 22,      /* buckets of age, one for each power of two */
	AGE_SHIFT = 14, /* the first one ends at 2^14 ns: 16 us */
	SLOTS = 2 * TRACE_CAUSALITY_MAX,
	LIKELY_AGES = 13, /* before anything is learned: ages up to 67 ms */
	COMPARED = 8,     /* deliveries that were not the cause are compared with it: the newest ones */
};

/* Before anything is learned: so many effects a delivery, own messages, and shared ids. */
static const double PRIOR_EFFECTS = 0.3, PRIOR_OWN = 0.5, PRIOR_SHARED = 1.8, PRIOR_CASES = 2;
static const double PRIOR_SHARED_BY_CHANCE = 0.05;

/* A delivery that has had such an effect is less likely by this factor; so is one that overtook an older one, as far as
 * that was the cause. */
static const double AGAIN = 0.1, OVERTOOK = 0.4;

/* Lower scores add no pair to the table. */
static const double SCORE_LEARNED = 0.02;

/* The share of an effect that counts for the neighbours of its age, since ages vary. */
static const double NEIGHBOUR = 0.2;

/* Statistics of a cause's class at a service, of an effect's class, or of the pair of them. */
struct pair {
	double caused[AGES];                   /* effects by age */
	double shared, compared;               /* effects that shared an id; all whose ids were compared */
	double chance_shared, chance_compared; /* likewise, of deliveries that were not the cause */
	double count;                          /* deliveries; own messages */
};

struct trace_causality {
	uint64_t
	    *hashes; /* open addressing; 0 = unused; SLOTS, owned. Apart, so that they stay in the caches */
	struct pair *pairs; /* likewise */
	uint32_t count;
	double earlier_seconds;    /* of time in earlier passes */
	int64_t first_ns, last_ns; /* of this pass */
	bool has_begun;            /* it has */
};

struct trace_causality *trace_causality_open(void)
{
	struct trace_causality *causality = calloc(1, sizeof *causality);
	if (!causality)
		return NULL;
	causality->hashes = calloc(SLOTS, sizeof *causality->hashes);
	causality->pairs = calloc(SLOTS, sizeof *causality->pairs);
	if (causality->hashes && causality->pairs)
		return causality;
	trace_causality_close(causality);
	return NULL;
}

void trace_causality_close(struct trace_causality *causality)
{
	if (!causality)
		return;
	free(causality->hashes);
	free(causality->pairs);
	free(causality);
}

/* ---- the table; a class 0 stands for none ---- */

static uint64_t hash_of(uint64_t service, uint64_t cause, uint64_t effect)
{
	uint64_t hash = service * UINT64_C(0x9e3779b97f4a7c15) ^ cause;
	hash = (hash ^ hash >> 29) * UINT64_C(0xbf58476d1ce4e5b9) ^ effect;
	hash = (hash ^ hash >> 32) * UINT64_C(0x94d049bb133111eb);
	return (hash ^ hash >> 31) | 1;
}

/* The slot of the hash, or the one that it would take. */
static uint64_t slot_of(const struct trace_causality *causality, uint64_t hash)
{
	uint64_t at = hash >> 1 & (SLOTS - 1);
	while (causality->hashes[at] != 0 && causality->hashes[at] != hash)
		at = (at + 1) & (SLOTS - 1);
	return at;
}

static struct pair *find(struct trace_causality *causality, uint64_t service, uint64_t cause, uint64_t effect)
{
	uint64_t slot = slot_of(causality, hash_of(service, cause, effect));
	return causality->hashes[slot] != 0 ? &causality->pairs[slot] : NULL;
}

/* NULL when the table is full. */
static struct pair *find_or_add(struct trace_causality *causality, uint64_t service, uint64_t cause,
				uint64_t effect)
{
	uint64_t hash = hash_of(service, cause, effect), slot = slot_of(causality, hash);
	if (causality->hashes[slot] == 0) {
		if (causality->count == TRACE_CAUSALITY_MAX)
			return NULL;
		causality->count++;
		causality->hashes[slot] = hash;
	}
	return &causality->pairs[slot];
}

void trace_causality_delivered(struct trace_causality *causality, uint64_t service, uint64_t class)
{
	struct pair *deliveries = find_or_add(causality, service, class, 0);
	if (deliveries)
		deliveries->count++;
}

/* ---- ages ---- */

static unsigned bucket_of(int64_t age_ns)
{
	if (age_ns < INT64_C(1) << AGE_SHIFT)
		return 0;
	unsigned bucket = 63 - (unsigned)__builtin_clzll((uint64_t)age_ns) - AGE_SHIFT + 1;
	return bucket < AGES ? bucket : AGES - 1;
}

static double width_seconds(unsigned bucket)
{
	int64_t end = INT64_C(1) << (AGE_SHIFT + bucket);
	return (double)(bucket == 0 ? end : end / 2) / 1e9;
}

/* Expected effects in a bucket of age before anything is learned. */
static double prior_effects(unsigned bucket)
{
	double share = 1.0 / (LIKELY_AGES + 2);
	for (unsigned i = LIKELY_AGES; i <= bucket; i++)
		share /= 2;
	return PRIOR_EFFECTS * share;
}

/* ---- rates ---- */

/* Effects a second. */
static double hazard(const struct pair *pair, const struct pair *deliveries, int64_t age_ns)
{
	unsigned bucket = bucket_of(age_ns);
	double caused = prior_effects(bucket), count = 1;
	if (pair)
		caused += pair->caused[bucket];
	if (deliveries)
		count += deliveries->count;
	return caused / count / width_seconds(bucket);
}

/* How much likelier the sharing is when the candidate is the cause. */
static double likelihood_ratio(const struct pair *pair, enum trace_sharing sharing)
{
	if (sharing == TRACE_SHARING_UNKNOWN)
		return 1;
	double shared = PRIOR_SHARED, compared = PRIOR_CASES;
	double chance_shared = PRIOR_SHARED_BY_CHANCE * PRIOR_CASES, chance_compared = PRIOR_CASES;
	if (pair) {
		shared += pair->shared;
		compared += pair->compared;
		chance_shared += pair->chance_shared;
		chance_compared += pair->chance_compared;
	}
	double cause = shared / compared, chance = chance_shared / chance_compared;
	return sharing == TRACE_SHARES_ID ? cause / chance : (1 - cause) / (1 - chance);
}

static double seconds_of_pass(const struct trace_causality *causality)
{
	return (double)store_time_minus(causality->last_ns, causality->first_ns) / 1e9;
}

void trace_causality_begin_pass(struct trace_causality *causality)
{
	if (causality->has_begun)
		causality->earlier_seconds += seconds_of_pass(causality);
	causality->has_begun = false;
}

static double own_rate(const struct trace_causality *causality, const struct pair *own)
{
	double seconds = causality->earlier_seconds + seconds_of_pass(causality) + 1;
	return (PRIOR_OWN + (own ? own->count : 0)) / seconds;
}

/* ---- a case ---- */

static void note_time(struct trace_causality *causality, int64_t now_ns)
{
	if (!causality->has_begun)
		causality->first_ns = causality->last_ns = now_ns;
	causality->has_begun = true;
	if (now_ns > causality->last_ns)
		causality->last_ns = now_ns;
}

static void learn_age(struct pair *pair, unsigned bucket, double score)
{
	pair->caused[bucket] += score * (1 - 2 * NEIGHBOUR);
	pair->caused[bucket > 0 ? bucket - 1 : bucket] += score * NEIGHBOUR;
	pair->caused[bucket + 1 < AGES ? bucket + 1 : bucket] += score * NEIGHBOUR;
}

static void learn(struct pair *pair, const struct trace_candidate *candidate)
{
	const double score = candidate->score;
	if (score >= SCORE_LEARNED)
		learn_age(pair, bucket_of(candidate->age_ns), score);
	if (candidate->sharing == TRACE_SHARING_UNKNOWN)
		return;
	bool shares = candidate->sharing == TRACE_SHARES_ID;
	pair->compared += score;
	pair->chance_compared += 1 - score;
	pair->shared += shares ? score : 0;
	pair->chance_shared += shares ? 1 - score : 0;
}

/* Divide all scores, and the rate of own messages, by their sum. Returns the latter's share. */
static double normalize(struct trace_candidate *candidates, size_t count, double rate)
{
	double sum = rate;
	for (size_t i = 0; i < count; i++)
		sum += candidates[i].score;
	for (size_t i = 0; i < count; i++)
		candidates[i].score /= sum;
	return rate / sum;
}

/* From the oldest to the newest: each is less likely the likelier an older one is. */
static void prefer_order(struct trace_candidate *candidates, size_t count)
{
	double likeliest = 0;
	for (size_t i = count; i-- > 0;) {
		double score = candidates[i].score;
		candidates[i].score *= 1 - (1 - OVERTOOK) * likeliest;
		if (!candidates[i].is_again && score > likeliest)
			likeliest = score;
	}
}

/* The statistics of a class of candidates. */
struct class_stats {
	uint64_t class;
	struct pair *pair, *deliveries;
};

struct class_cache {
	struct class_stats list[TRACE_CANDIDATES_MAX];
	size_t count;
};

/* Most candidates are of a few classes: each is looked up once. */
static const struct class_stats *find_class(struct trace_causality *causality, struct class_cache *cache,
					    uint64_t service, uint64_t class, uint64_t effect)
{
	for (size_t i = 0; i < cache->count; i++)
		if (cache->list[i].class == class)
			return &cache->list[i];
	struct class_stats *stats = &cache->list[cache->count++];
	*stats = (struct class_stats){.class = class,
				      .pair = find(causality, service, class, effect),
				      .deliveries = find(causality, service, class, 0)};
	return stats;
}

void trace_causality_judge(struct trace_causality *causality, uint64_t service, uint64_t effect,
			   int64_t now_ns, struct trace_candidate *candidates, size_t count)
{
	struct pair *pairs[TRACE_CANDIDATES_MAX];
	struct class_cache cache;
	cache.count = 0;
	note_time(causality, now_ns);
	struct pair *own = find_or_add(causality, service, 0, effect);
	for (size_t i = 0; i < count; i++) {
		struct trace_candidate *candidate = &candidates[i];
		const struct class_stats *stats =
		    find_class(causality, &cache, service, candidate->class, effect);
		pairs[i] = stats->pair;
		candidate->score = hazard(stats->pair, stats->deliveries, candidate->age_ns) *
				   likelihood_ratio(pairs[i], candidate->sharing) *
				   (candidate->is_again ? AGAIN : 1);
	}
	double own_share = normalize(candidates, count, own_rate(causality, own));
	prefer_order(candidates, count);
	own_share = normalize(candidates, count, own_share);
	for (size_t i = 0; i < count; i++) {
		if (!pairs[i] && candidates[i].score >= SCORE_LEARNED)
			pairs[i] = find_or_add(causality, service, candidates[i].class, effect);
		if (pairs[i] && (candidates[i].score >= SCORE_LEARNED || i < COMPARED))
			learn(pairs[i], &candidates[i]);
	}
	if (own)
		own->count += own_share;
}
