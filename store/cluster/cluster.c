#include "store/cluster/cluster.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "store/cluster/decide.h"
#include "store/cluster/given.h"
#include "store/cluster/queues.h"
#include "store/read/steps.h"

#define JUMP_NS INT64_C(10000000) /* a correction of a clock that is not the following of its drift */

enum { HOLD_MS = 1000 }; /* an event of followed logs waits so long for its deliveries */

struct store_cluster {
	struct wire_source described; /* first: the clients of the event that was given out, for the filter */
	struct wire_source *source;   /* borrowed */
	struct store_cluster_options options;
	struct store_filter *everything; /* owned; the filter when none was given */
	uint32_t *clusters;              /* owned */
	struct store__queues queues;
	struct store__contents contents;
	struct store__clocks clocks;
	struct store__decider decider;
	int64_t front_key;   /* all events before it were read */
	int64_t foremost_ns; /* the clock that is read last: how much it is ahead */
	uint64_t changes;    /* of the clocks that front_key reflects */
	bool at_end, has_learned, has_left;
	bool is_unwritten; /* followed, but nothing is expected to be added */
	bool is_dry;       /* likewise, and everything was read */
	struct store__given given;
	struct store_cluster_stats stats;
};

static int64_t key_of(const struct store_cluster *cluster, const struct store__entry *entry)
{
	return store__entry_key(&cluster->contents.order, entry);
}

static int64_t now_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

static const struct wire_client *client_of(struct wire_source *described, uint64_t conn)
{
	return store_cluster_client((const struct store_cluster *)described, conn);
}

/* ---- reading ---- */

static bool is_joinable(const struct wire_event *event)
{
	const uint32_t changed = WIRE_EVENT_CUT | WIRE_EVENT_PARTIAL | WIRE_EVENT_MASKED;
	if (event->kind == WIRE_EVENT_SUBSCRIBE)
		return true;
	if (event->kind == WIRE_EVENT_CONNECT)
		return (event->flags & WIRE_EVENT_REPEATED) == 0;
	return (event->kind == WIRE_EVENT_MESSAGE || event->kind == WIRE_EVENT_DELIVERY) &&
	       (event->flags & changed) == 0;
}

/* 0 or -ENOMEM. */
static int take(struct store_cluster *cluster, const struct wire_event *event)
{
	struct store__entry *entry = store__queues_add(&cluster->queues, event, cluster->source);
	if (!entry)
		return -ENOMEM;
	if (cluster->options.follow)
		entry->read_ms = now_ms();
	if (key_of(cluster, entry) > cluster->front_key)
		cluster->front_key = key_of(cluster, entry);
	uint32_t number = cluster->clusters[entry->input];
	return number > 0 && is_joinable(event) ? store__contents_add(&cluster->contents, entry, number) : 0;
}

/* ---- what may leave ---- */

/* The next event in order of time. NULL when none is held. */
static struct store__entry *find_head(const struct store_cluster *cluster)
{
	struct store__entry *head = NULL;
	for (uint32_t i = 0; i < cluster->queues.count; i++) {
		struct store__entry *first = cluster->queues.list[i].first;
		if (first && (!head || key_of(cluster, first) < key_of(cluster, head)))
			head = first;
	}
	return head;
}

static bool is_crowded(const struct store_cluster *cluster)
{
	return cluster->queues.bytes + store__contents_bytes(&cluster->contents) > cluster->options.max_bytes;
}

/* Everything was read that it may be joined with. */
static bool is_ripe(const struct store_cluster *cluster, const struct store__entry *entry)
{
	return cluster->at_end || cluster->is_dry ||
	       store_time_minus(cluster->front_key, key_of(cluster, entry)) > STORE_CLUSTER_WINDOW_NS;
}

static bool has_waited(const struct store_cluster *cluster, const struct store__entry *entry)
{
	return cluster->options.follow && now_ms() - entry->read_ms >= HOLD_MS;
}

/* A clock was found to differ while reading: what was read before is not in order. Equal messages are undecided for a window. */
static void distrust_order(void *context, struct store__content *content)
{
	const struct store_cluster *cluster = context;
	store__decide_distrust(content, store_time_plus(cluster->front_key, STORE_CLUSTER_WINDOW_NS));
}

/* Of two logs that were read up to the same time, the one whose clock is ahead was read less far. */
static int64_t find_foremost(const struct store_cluster *cluster)
{
	int64_t foremost_ns = 0;
	for (uint32_t i = 0; i < cluster->options.inputs; i++) {
		int64_t ahead_ns = store__clocks_ahead(&cluster->clocks, i);
		if (cluster->options.reverse ? -ahead_ns > foremost_ns : ahead_ns > foremost_ns)
			foremost_ns = cluster->options.reverse ? -ahead_ns : ahead_ns;
	}
	return foremost_ns;
}

static void adjust_front(struct store_cluster *cluster)
{
	int64_t before_ns = cluster->foremost_ns;
	cluster->changes = cluster->clocks.changes;
	cluster->foremost_ns = find_foremost(cluster);
	cluster->front_key =
	    store_time_plus(store_time_minus(cluster->front_key, cluster->foremost_ns), before_ns);
	int64_t jump_ns = store_time_minus(cluster->foremost_ns, before_ns);
	if (cluster->has_left && (jump_ns > JUMP_NS || jump_ns < -JUMP_NS))
		store__contents_each(&cluster->contents, distrust_order, cluster);
}

static int by_key(const void *a, const void *b, void *context)
{
	const struct store__entry *const *x = a, *const *y = b;
	int64_t first = key_of(context, *x), second = key_of(context, *y);
	return first != second ? (first > second) - (first < second)
			       : ((*x)->number > (*y)->number) - ((*x)->number < (*y)->number);
}

/* List the messages and deliveries that may be joined. Returns how many there are; entries may be NULL. */
static size_t list_entries(const struct store_cluster *cluster, struct store__entry **entries)
{
	size_t count = 0;
	for (uint32_t i = 0; i < cluster->queues.count; i++)
		for (struct store__entry *entry = cluster->queues.list[i].first; entry; entry = entry->next) {
			if (!entry->content)
				continue;
			if (entries)
				entries[count] = entry;
			count++;
		}
	return count;
}

/* They were read in the order of clocks that differed. 0 or -ENOMEM. */
static int reorder(struct store_cluster *cluster)
{
	const size_t count = list_entries(cluster, NULL);
	struct store__entry **entries = malloc((count + 1) * sizeof *entries);
	if (!entries)
		return -ENOMEM;
	list_entries(cluster, entries);
	qsort_r(entries, count, sizeof *entries, by_key, cluster);
	store__contents_reorder(&cluster->contents, entries, count);
	free(entries);
	return 0;
}

static void learn_from(void *context, struct store__content *content)
{
	struct store_cluster *cluster = context;
	store__decide_learn(&cluster->decider, content);
}

/* Before the first event leaves: the whole window says how the clocks differ. 0 or -ENOMEM. */
static int learn(struct store_cluster *cluster)
{
	cluster->has_learned = true;
	store__contents_each(&cluster->contents, learn_from, cluster);
	return cluster->clocks.changes > 0 ? reorder(cluster) : 0;
}

/* Its receivers are known once the deliveries have joined it. */
static void on_joined(void *context, struct store__entry *delivery)
{
	struct store_cluster *cluster = context;
	store__queues_remove(&cluster->queues, delivery);
	cluster->stats.joined++;
}

/* Decide what is to be decided of an entry that leaves. False: it is a delivery and has joined a message. */
static bool decide(struct store_cluster *cluster, struct store__entry *entry)
{
	const struct wire_event *event = &entry->copy.event;
	bool is_doubtful = false;
	if (!entry->is_listed) {
		cluster->stats.shortened +=
		    event->kind == WIRE_EVENT_DELIVERY && cluster->clusters[entry->input] > 0;
		return true;
	}
	if (event->kind == WIRE_EVENT_MESSAGE)
		store__decide_message(&cluster->decider, entry);
	if (event->kind != WIRE_EVENT_DELIVERY)
		return true;
	if (store__decide_delivery(&cluster->decider, entry, &is_doubtful))
		return false;
	cluster->stats.undecided += is_doubtful;
	cluster->stats.unpublished += !is_doubtful;
	return true;
}

/* ---- what is given out ---- */

static void drop_given(struct store_cluster *cluster)
{
	if (cluster->given.entry)
		store__queues_free(&cluster->queues, cluster->given.entry);
	cluster->given.entry = NULL;
}

/* A gap passes by the time that it spans. */
static bool passes(struct store_cluster *cluster, const struct wire_event *event)
{
	const struct store_filter *filter = cluster->options.filter;
	if (event->kind == WIRE_EVENT_GAP && event->from_ns < event->to_ns)
		return store_filter_passes_kind(filter, event->kind) &&
		       store_filter_times(filter, event->from_ns, event->to_ns);
	return store_filter_event(filter, event, &cluster->described);
}

/* The head leaves. 1 with *event, 0 when it is not given out, or -ENOMEM. */
static int leave(struct store_cluster *cluster, struct store__entry *entry, struct wire_event *event)
{
	if (!decide(cluster, entry))
		return 0;
	if (entry->is_listed)
		store__contents_remove(&cluster->contents, entry);
	store__queues_remove(&cluster->queues, entry);
	cluster->has_left = true;
	if (store__given_set(&cluster->given, &cluster->contents.order, entry, event) != 0)
		return -ENOMEM;
	if (passes(cluster, event))
		return 1;
	drop_given(cluster);
	return 0;
}

int store_cluster_next(struct store_cluster *cluster, struct wire_event *event, struct wire_fault *fault)
{
	int status = 0;
	drop_given(cluster);
	while (status == 0) {
		if (cluster->changes != cluster->clocks.changes)
			adjust_front(cluster);
		struct store__entry *head = find_head(cluster);
		bool is_ripe_now = head && is_ripe(cluster, head), is_early = head && is_crowded(cluster);
		if (head && (is_ripe_now || is_early || has_waited(cluster, head))) {
			if (!cluster->has_learned) {
				status = learn(cluster);
				continue;
			}
			cluster->stats.early += is_early && !is_ripe_now;
			status = leave(cluster, head, event);
			continue;
		}
		if (cluster->at_end)
			return 0;
		struct wire_event read;
		status = cluster->source->next(cluster->source, &read, fault);
		if (status < 0)
			return status;
		cluster->is_dry = status == 0 && cluster->is_unwritten;
		if (status == 0 && cluster->options.follow && !(cluster->is_dry && head))
			return 0;
		cluster->at_end = status == 0 && !cluster->options.follow;
		status = status > 0 ? take(cluster, &read) : 0;
	}
	return status < 0 ? wire_fault_set(fault, status, "out of memory") : status;
}

/* ---- questions ---- */

const struct wire_client *store_cluster_client(const struct store_cluster *cluster, uint64_t conn)
{
	return store__given_client(&cluster->given, conn);
}

uint32_t store_cluster_origin(const struct store_cluster *cluster)
{
	return cluster->given.entry ? cluster->given.entry->input : 0;
}

bool store_cluster_joined(const struct store_cluster *cluster, uint32_t at, uint32_t *input, uint64_t *seq)
{
	const struct store__entry *delivery = cluster->given.entry ? cluster->given.entry->receivers : NULL;
	while (delivery && at-- > 0)
		delivery = delivery->next_same;
	if (!delivery)
		return false;
	*input = delivery->input;
	*seq = delivery->copy.event.seq;
	return true;
}

int64_t store_cluster_ahead(const struct store_cluster *cluster, uint32_t input)
{
	return store__clocks_ahead(&cluster->clocks, input);
}

bool store_cluster_clock_differs(const struct store_cluster *cluster, uint32_t input, int64_t *error_ns)
{
	return store__clocks_differ(&cluster->clocks, input, error_ns);
}

void store_cluster_stats(const struct store_cluster *cluster, struct store_cluster_stats *stats)
{
	*stats = cluster->stats;
}

void store_cluster_set_written(struct store_cluster *cluster, bool is_written)
{
	cluster->is_unwritten = !is_written;
}

/* ---- opening and closing ---- */

static int init(struct store_cluster *cluster)
{
	const struct store_cluster_options *options = &cluster->options;
	const struct store__order order = {.clocks = &cluster->clocks, .reverse = options->reverse};
	cluster->clusters = calloc(options->inputs, sizeof *cluster->clusters);
	cluster->everything = options->filter ? NULL : store_filter_open();
	if (!cluster->clusters || (!options->filter && !cluster->everything) ||
	    store__queues_init(&cluster->queues, options->inputs) != 0 ||
	    store__clocks_init(&cluster->clocks, options->inputs, STORE_CLUSTER_WINDOW_NS) != 0)
		return -ENOMEM;
	for (uint32_t i = 0; i < options->inputs; i++)
		cluster->clusters[i] = options->clusters[i];
	if (!options->filter)
		cluster->options.filter = cluster->everything;
	store__contents_init(&cluster->contents, &order);
	cluster->decider = (struct store__decider){.contents = &cluster->contents,
						   .clocks = &cluster->clocks,
						   .window_ns = STORE_CLUSTER_WINDOW_NS,
						   .joined = on_joined,
						   .context = cluster};
	cluster->front_key = INT64_MIN;
	return 0;
}

struct store_cluster *store_cluster_open(struct wire_source *source,
					 const struct store_cluster_options *options)
{
	struct store_cluster *cluster = calloc(1, sizeof *cluster);
	if (!cluster)
		return NULL;
	cluster->described.client = client_of;
	cluster->source = source;
	cluster->options = *options;
	if (init(cluster) == 0)
		return cluster;
	store_cluster_close(cluster);
	return NULL;
}

/* Take all entries out of the contents, so that nothing refers to them. */
static void forget(struct store_cluster *cluster)
{
	for (uint32_t i = 0; cluster->queues.list && i < cluster->queues.count; i++)
		for (struct store__entry *entry = cluster->queues.list[i].first; entry; entry = entry->next)
			if (entry->is_listed)
				store__contents_remove(&cluster->contents, entry);
}

void store_cluster_close(struct store_cluster *cluster)
{
	if (!cluster)
		return;
	drop_given(cluster);
	forget(cluster);
	store__queues_fini(&cluster->queues);
	store__contents_fini(&cluster->contents);
	store__clocks_fini(&cluster->clocks);
	store_filter_close(cluster->everything);
	free(cluster->clusters);
	store__given_fini(&cluster->given);
	free(cluster);
}
