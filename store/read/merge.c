#include "store/read/merge.h"

#include <errno.h>
#include <stdlib.h>

#include "store/cluster/cluster.h"
#include "store/read/steps.h"
#include "store/read/watch.h"

struct input {
	struct wire_source *source; /* owned */
	struct wire_event event;    /* the next one, when has_event */
	int64_t key_ns;             /* what it is ordered by */
	int64_t ahead_ns;           /* by how much its times are too late */
	bool has_event;
	bool at_end; /* it had no event when last asked */
};

struct store_merge {
	struct wire_source source; /* first: a source is its merge */
	struct apart {
		struct wire_source source; /* first: the merge below the cluster, as the cluster sees it */
		struct store_merge *merge;
	} apart;
	struct store_cluster *cluster; /* owned; NULL: the sources are of no cluster */
	struct store_filter *kept;     /* owned */
	struct input *inputs;
	size_t count;
	struct store__watch **watches; /* of the logs among them */
	size_t watches_count;
	size_t current; /* whose event was given out last */
	bool reverse;
};

/* ---- as a source ---- */

static int next_of(struct wire_source *source, struct wire_event *event, struct wire_fault *fault)
{
	return store_merge_next((struct store_merge *)source, event, fault);
}

static const struct wire_client *client_of(struct wire_source *source, uint64_t conn)
{
	return store_merge_client((const struct store_merge *)source, conn);
}

static void damage_of(struct wire_source *source, struct wire_damage *damage)
{
	store_merge_damage((const struct store_merge *)source, damage);
}

static void steps_of(struct wire_source *source, struct wire_steps *steps)
{
	const struct store_merge *merge = (const struct store_merge *)source;
	for (size_t i = 0; i < merge->count; i++)
		if (merge->inputs[i].source->steps)
			merge->inputs[i].source->steps(merge->inputs[i].source, steps);
}

static int content_of(struct wire_source *source, struct wire_event *event)
{
	const struct store_merge *merge = (const struct store_merge *)source;
	if (merge->cluster)
		return 0; /* it holds whole events */
	return wire_source_content(merge->inputs[merge->current].source, event);
}

static uint32_t origin_of(struct wire_source *source)
{
	const struct store_merge *merge = (const struct store_merge *)source;
	return merge->cluster ? store_cluster_origin(merge->cluster) : (uint32_t)merge->current;
}

static void close_of(struct wire_source *source)
{
	store_merge_close((struct store_merge *)source);
}

struct wire_source *store_merge_source(struct store_merge *merge)
{
	return &merge->source;
}

/* ---- opening ---- */

struct store_merge *store_merge_open(bool reverse)
{
	struct store_merge *merge = calloc(1, sizeof *merge);
	if (merge)
		*merge = (struct store_merge){.source = {.next = next_of,
							 .client = client_of,
							 .damage = damage_of,
							 .close = close_of,
							 .steps = steps_of,
							 .content = content_of,
							 .origin = origin_of},
					      .reverse = reverse};
	return merge;
}

void store_merge_close(struct store_merge *merge)
{
	if (!merge)
		return;
	store_cluster_close(merge->cluster);
	for (size_t i = 0; i < merge->count; i++)
		merge->inputs[i].source->close(merge->inputs[i].source);
	store_filter_close(merge->kept);
	free(merge->inputs);
	free(merge->watches);
	free(merge);
}

int store_merge_add(struct store_merge *merge, struct wire_source *source)
{
	struct input *inputs = realloc(merge->inputs, (merge->count + 1) * sizeof *inputs);
	if (!inputs) {
		source->close(source);
		return -ENOMEM;
	}
	merge->inputs = inputs;
	inputs[merge->count++] = (struct input){.source = source};
	return 0;
}

void store_merge_keep(struct store_merge *merge, struct store_filter *filter)
{
	store_filter_close(merge->kept);
	merge->kept = filter;
}

static int add_watch(struct store_merge *merge, struct store__watch *watch)
{
	struct store__watch **watches =
	    realloc(merge->watches, (merge->watches_count + 1) * sizeof(struct store__watch *));
	if (!watches)
		return -ENOMEM;
	merge->watches = watches;
	watches[merge->watches_count++] = watch;
	return 0;
}

int store_merge_add_log(struct store_merge *merge, const char *path,
			const struct store_reader_options *options, struct wire_fault *fault)
{
	struct store_reader *reader;
	int error = store_reader_open(&reader, path, options, fault);
	if (error)
		return error;
	error = store_merge_add(merge, store_reader_source(reader));
	if (!error && options->follow)
		error = add_watch(merge, store__reader_watch(reader));
	return error ? wire_fault_set(fault, error, "%s: out of memory", path) : 0;
}

/* ---- reading ---- */

/* Get the next event of each source. A source that was at its end is asked again only when no other has one: looking for more
 * costs system calls. */
static int fill(struct store_merge *merge, bool ask_again, struct wire_fault *fault)
{
	for (size_t i = 0; i < merge->count; i++) {
		struct input *input = &merge->inputs[i];
		if (input->has_event || (input->at_end && !ask_again))
			continue;
		int status = input->source->next(input->source, &input->event, fault);
		if (status < 0)
			return status;
		input->has_event = status > 0;
		input->key_ns = input->event.steady_ns;
		if (input->ahead_ns != 0)
			input->key_ns = store_time_minus(input->key_ns, input->ahead_ns);
		input->at_end = status == 0;
	}
	return 0;
}

static bool comes_before(const struct store_merge *merge, const struct input *a, const struct input *b)
{
	return merge->reverse ? a->key_ns >= b->key_ns : a->key_ns < b->key_ns;
}

static struct input *find_first(struct store_merge *merge)
{
	struct input *first = NULL;
	for (size_t i = 0; i < merge->count; i++) {
		struct input *input = &merge->inputs[i];
		if (input->has_event && (!first || comes_before(merge, input, first)))
			first = input;
	}
	return first;
}

static int next_apart(struct store_merge *merge, struct wire_event *event, struct wire_fault *fault)
{
	if (merge->count == 1)
		return merge->inputs[0].source->next(merge->inputs[0].source, event, fault);
	int error = fill(merge, false, fault);
	struct input *first = error ? NULL : find_first(merge);
	if (!error && !first) {
		error = fill(merge, true, fault);
		first = error ? NULL : find_first(merge);
	}
	if (!first)
		return error;
	*event = first->event;
	first->has_event = false;
	merge->current = (size_t)(first - merge->inputs);
	return 1;
}

int store_merge_next(struct store_merge *merge, struct wire_event *event, struct wire_fault *fault)
{
	return merge->cluster ? store_cluster_next(merge->cluster, event, fault)
			      : next_apart(merge, event, fault);
}

int store_merge_wait(struct store_merge *merge, int timeout_ms)
{
	return store__watch_wait(merge->watches, merge->watches_count, timeout_ms);
}

const struct wire_client *store_merge_client(const struct store_merge *merge, uint64_t conn)
{
	struct wire_source *source = merge->inputs[merge->current].source;
	return merge->cluster ? store_cluster_client(merge->cluster, conn) : source->client(source, conn);
}

/* ---- a cluster ---- */

static int cluster_next(struct wire_source *source, struct wire_event *event, struct wire_fault *fault)
{
	struct store_merge *merge = ((struct apart *)source)->merge;
	for (size_t i = 0; i < merge->count; i++)
		merge->inputs[i].ahead_ns = store_cluster_ahead(merge->cluster, (uint32_t)i);
	return next_apart(merge, event, fault);
}

static const struct wire_client *cluster_client(struct wire_source *source, uint64_t conn)
{
	const struct store_merge *merge = ((struct apart *)source)->merge;
	struct wire_source *current = merge->inputs[merge->current].source;
	return current->client(current, conn);
}

static uint32_t cluster_origin(struct wire_source *source)
{
	return (uint32_t)((struct apart *)source)->merge->current;
}

int store_merge_join(struct store_merge *merge, const struct store_cluster_options *options)
{
	merge->apart = (struct apart){
	    .source = {.next = cluster_next, .client = cluster_client, .origin = cluster_origin},
	    .merge = merge};
	merge->cluster = store_cluster_open(&merge->apart.source, options);
	return merge->cluster ? 0 : -ENOMEM;
}

const struct store_cluster *store_merge_cluster(const struct store_merge *merge)
{
	return merge->cluster;
}

void store_merge_set_written(struct store_merge *merge, bool is_written)
{
	if (merge->cluster)
		store_cluster_set_written(merge->cluster, is_written);
}

void store_merge_damage(const struct store_merge *merge, struct wire_damage *damage)
{
	*damage = (struct wire_damage){0};
	for (size_t i = 0; i < merge->count; i++) {
		struct wire_damage more;
		merge->inputs[i].source->damage(merge->inputs[i].source, &more);
		damage->places += more.places;
		damage->events += more.events;
		damage->deleted_places += more.deleted_places;
		damage->deleted_events += more.deleted_events;
	}
}
