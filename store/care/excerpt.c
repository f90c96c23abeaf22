#include "store/care/excerpt.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "store/care/earlier.h"
#include "store/care/excerpt_names.h"
#include "wire/conn.h"
#include "wire/mark.h"

struct input {
	struct store__earlier earlier;
	bool is_begun; /* an event of it was written */
};

struct store_excerpt {
	struct store_excerpt_options options;
	struct store__excerpt_names names;
	struct input *inputs;
	uint32_t segment; /* of the new log, from 1 on */
	struct wire_receiver *receivers;
	size_t receivers_cap;
	uint64_t chosen;
};

struct store_excerpt *store_excerpt_open(const struct store_excerpt_options *options)
{
	struct store_excerpt *excerpt = calloc(1, sizeof *excerpt);
	if (!excerpt)
		return NULL;
	excerpt->options = *options;
	excerpt->inputs = calloc(options->inputs_len, sizeof *excerpt->inputs);
	if (excerpt->inputs && store__excerpt_names_init(&excerpt->names, options->inputs_len > 1) == 0)
		return excerpt;
	store_excerpt_close(excerpt);
	return NULL;
}

void store_excerpt_close(struct store_excerpt *excerpt)
{
	if (!excerpt)
		return;
	for (uint32_t i = 0; excerpt->inputs && i < excerpt->options.inputs_len; i++)
		store__earlier_fini(&excerpt->inputs[i].earlier);
	store__excerpt_names_fini(&excerpt->names);
	free(excerpt->inputs);
	free(excerpt->receivers);
	free(excerpt);
}

uint64_t store_excerpt_chosen(const struct store_excerpt *excerpt)
{
	return excerpt->chosen;
}

static bool is_merge(const struct store_excerpt *excerpt)
{
	return excerpt->options.inputs_len > 1;
}

/* ---- first pass ---- */

int store_excerpt_note(struct store_excerpt *excerpt, const struct wire_event *event,
		       struct wire_source *source)
{
	uint32_t own = wire_source_origin(source);
	int error = 0;
	if (event->conn > 0 && !store__excerpt_names_get(&excerpt->names, own, event->conn))
		error = -ENOMEM;
	for (uint32_t i = 0; event->receivers && i < event->receivers_len && !error; i++)
		if (!store__excerpt_names_get(&excerpt->names, own, event->receivers[i].conn))
			error = -ENOMEM;
	return error;
}

/* ---- what precedes an event ---- */

static void put(struct store_excerpt *excerpt, const struct wire_event *event)
{
	excerpt->options.sink->event(excerpt->options.sink, event);
}

/* Before the first event of an input: what it states earlier. */
static int begin_input(struct store_excerpt *excerpt, uint32_t own, const struct wire_event *first,
		       int64_t time_ns, struct wire_fault *fault)
{
	struct input *input = &excerpt->inputs[own];
	if (input->is_begun)
		return 0;
	input->is_begun = true;
	if (!excerpt->options.reads_earlier || !excerpt->options.reads_earlier[own] || first->seq <= 1)
		return 0;
	int error = store__earlier_read(&input->earlier, excerpt->options.inputs[own], first->seq, fault);
	for (size_t i = 0; i < input->earlier.marks_len && !error; i++) {
		const struct wire_event mark = {.kind = WIRE_EVENT_MARK,
						.time_ns = time_ns,
						.text = wire_slice_str(input->earlier.marks[i])};
		put(excerpt, &mark);
	}
	return error;
}

static void put_connect(struct store_excerpt *excerpt, const struct store__excerpt_name *name,
			const struct wire_client *client, int64_t time_ns)
{
	const struct wire_event connect = {.kind = WIRE_EVENT_CONNECT,
					   .flags = WIRE_EVENT_REPEATED,
					   .time_ns = time_ns,
					   .conn = name->number,
					   .client = client};
	if (client)
		put(excerpt, &connect);
}

static void put_subscriptions(struct store_excerpt *excerpt, const struct store__excerpt_name *name,
			      int64_t time_ns)
{
	struct wire_event subscribe;
	const struct store__subscription *at = NULL;
	while (store__earlier_next(&excerpt->inputs[name->input].earlier, name->conn, &at, &subscribe)) {
		subscribe.conn = name->number;
		subscribe.time_ns = time_ns;
		put(excerpt, &subscribe);
	}
}

/* Each segment describes the connections that its events name. */
static void describe(struct store_excerpt *excerpt, struct store__excerpt_name *name,
		     const struct wire_client *client, int64_t time_ns)
{
	bool is_first = name->segment == 0;
	if (name->segment == excerpt->segment)
		return;
	name->segment = excerpt->segment;
	put_connect(excerpt, name, client, time_ns);
	if (is_first)
		put_subscriptions(excerpt, name, time_ns);
}

/* ---- what becomes of an event ---- */

/* The number of a connection in the new log, which has described it. 0 with *error = -ENOMEM on failure. */
static uint64_t number_of(struct store_excerpt *excerpt, uint32_t own, uint64_t conn,
			  struct wire_source *source, int64_t time_ns, int *error)
{
	struct store__excerpt_name *name;
	if (conn == 0)
		return 0;
	name = store__excerpt_names_get(&excerpt->names, own, conn);
	if (!name) {
		*error = -ENOMEM;
		return 0;
	}
	if (name->segment != excerpt->segment)
		describe(excerpt, name, source->client(source, conn), time_ns);
	return name->number;
}

static int number_receivers(struct store_excerpt *excerpt, struct wire_event *event, uint32_t own,
			    struct wire_source *source)
{
	int error = 0;
	if (!event->receivers || event->receivers_len == 0)
		return 0;
	if (event->receivers_len > excerpt->receivers_cap) {
		struct wire_receiver *grown =
		    realloc(excerpt->receivers, event->receivers_len * sizeof *grown);
		if (!grown)
			return -ENOMEM;
		excerpt->receivers = grown;
		excerpt->receivers_cap = event->receivers_len;
	}
	for (uint32_t i = 0; i < event->receivers_len && !error; i++) {
		excerpt->receivers[i] = event->receivers[i];
		excerpt->receivers[i].conn =
		    number_of(excerpt, own, event->receivers[i].conn, source, event->time_ns, &error);
	}
	event->receivers = excerpt->receivers;
	return error;
}

/* A connect event describes its connection itself. */
static int number_own(struct store_excerpt *excerpt, struct wire_event *event, uint32_t own,
		      struct wire_source *source)
{
	int error = 0;
	if (event->kind == WIRE_EVENT_CONNECT && event->conn > 0) {
		struct store__excerpt_name *name =
		    store__excerpt_names_get(&excerpt->names, own, event->conn);
		if (!name)
			return -ENOMEM;
		name->segment = excerpt->segment;
		event->conn = name->number;
		return 0;
	}
	event->conn = number_of(excerpt, own, event->conn, source, event->time_ns, &error);
	return error;
}

/* Numbers of events, and what follows from them, are those of the old log. The reader has applied the number of messages that a
 * client never got to their receivers. */
static void adapt(struct wire_event *event)
{
	event->refers_to = 0;
	if (event->kind == WIRE_EVENT_DISCONNECT && event->lost_messages > 0)
		event->flags |= WIRE_EVENT_CUT;
	if (event->kind == WIRE_EVENT_GAP) {
		event->flags &= ~(uint32_t)WIRE_EVENT_DAMAGE;
		event->from_seq = event->to_seq = 0;
	}
}

static bool is_of_one_recording(struct wire_slice text)
{
	int64_t by_ns;
	return wire_mark_is_start(text) || wire_mark_is_stop(text) || wire_mark_is_step(text, &by_ns);
}

/* text: memory for the mark's. */
static void make_remark(const struct store_excerpt *excerpt, struct wire_event *event, uint32_t own,
			char text[WIRE_MARK_REMARK])
{
	if (!is_merge(excerpt) || event->kind != WIRE_EVENT_MARK || !is_of_one_recording(event->text))
		return;
	int len = snprintf(text, WIRE_MARK_REMARK, "remark %s: %.*s", excerpt->options.inputs[own],
			   (int)event->text.len, event->text.data);
	event->text = wire_slice(text, len < WIRE_MARK_REMARK ? (size_t)len : WIRE_MARK_REMARK - 1);
}

/* ---- second pass ---- */

/* Not chosen, but needed to read what is. */
static bool is_needed(struct store_excerpt *excerpt, const struct wire_event *event, uint32_t own)
{
	switch (event->kind) {
	case WIRE_EVENT_MARK:
	case WIRE_EVENT_GAP: return true;
	case WIRE_EVENT_MESSAGE:
	case WIRE_EVENT_DELIVERY: return false;
	default: return store__excerpt_names_find(&excerpt->names, own, event->conn) != NULL;
	}
}

static int write_event(struct store_excerpt *excerpt, const struct wire_event *event, uint32_t own,
		       struct wire_source *source, struct wire_fault *fault)
{
	struct wire_event made = *event;
	char text[WIRE_MARK_REMARK];
	if (is_merge(excerpt))
		made.time_ns = event->steady_ns;
	if (store_new_log_turn(excerpt->options.log))
		excerpt->segment++;
	int error = begin_input(excerpt, own, event, made.time_ns, fault);
	if (error)
		return error;
	error = number_own(excerpt, &made, own, source);
	error = error ? error : number_receivers(excerpt, &made, own, source);
	if (error)
		return wire_fault_set(fault, error, "out of memory");
	adapt(&made);
	make_remark(excerpt, &made, own, text);
	put(excerpt, &made);
	return 0;
}

/* Gaps pass every filter, since they may hide an event that would be chosen. */
static bool counts(const struct store_excerpt *excerpt, const struct wire_event *event)
{
	return event->kind != WIRE_EVENT_GAP || !excerpt->options.filter ||
	       store_filter_asks_for_gaps(excerpt->options.filter);
}

int store_excerpt_take(struct store_excerpt *excerpt, const struct wire_event *event,
		       struct wire_source *source, struct wire_fault *fault)
{
	uint32_t own = wire_source_origin(source);
	bool is_chosen =
	    !excerpt->options.filter || store_filter_event(excerpt->options.filter, event, source);
	if ((event->flags & WIRE_EVENT_REPEATED) || (!is_chosen && !is_needed(excerpt, event, own)))
		return 0;
	excerpt->chosen += is_chosen && counts(excerpt, event);
	return write_event(excerpt, event, own, source, fault);
}
