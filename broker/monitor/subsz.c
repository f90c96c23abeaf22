#include "broker/monitor/subsz.h"

#include <stdlib.h>
#include <string.h>

#include "wire/subject.h"

enum { DEFAULT_LIMIT = 1024, SLOTS_AT_ONCE = 1000 /* looked at for one piece of the answer */ };

struct subsz {
	struct net_http_rest rest;
	struct broker *broker;
	int64_t offset, limit;
	char *test; /* owned: a subject that listed subscriptions must match; "" = all */
	bool is_counting;
	int64_t total, place; /* subscriptions that match; that were met while listing */
	struct broker_cursor cursor;
	struct broker__json json;
};

/* ---- the whole ---- */

static double ratio(uint64_t part, uint64_t whole)
{
	return whole ? (double)part / (double)whole : 0;
}

/* avg_fanout: receivers per message, over all messages so far; max_fanout: the most receivers that one subject has
 * had. nats-server derives both from the current contents of its cache. */
static void set_statistics(struct broker__json *json, const struct broker_totals *totals)
{
	broker__json_count(json, "num_subscriptions", totals->subscriptions);
	broker__json_count(json, "num_cache", totals->cache_entries);
	broker__json_count(json, "num_inserts", totals->sub_inserts);
	broker__json_count(json, "num_removes", totals->sub_removes);
	broker__json_count(json, "num_matches", totals->matches);
	broker__json_real(json, "cache_hit_rate",
			  ratio(totals->cache_hits, totals->cache_hits + totals->cache_misses));
	broker__json_count(json, "max_fanout", totals->max_fanout);
	broker__json_real(json, "avg_fanout", ratio(totals->out_msgs, totals->in_msgs));
}

/* ---- the list ---- */

static bool is_wanted(const struct subsz *subsz, const struct broker_subscription_info *info)
{
	return !*subsz->test || wire_subject_matches(info->subject, wire_slice_str(subsz->test));
}

static void count(void *context, const struct broker_subscription_info *info)
{
	struct subsz *subsz = context;
	subsz->total += is_wanted(subsz, info);
}

static void list(void *context, const struct broker_subscription_info *info)
{
	struct subsz *subsz = context;
	if (!is_wanted(subsz, info))
		return;
	int64_t place = subsz->place++ - subsz->offset;
	if (place < 0 || place >= subsz->limit)
		return;
	broker__json_object(&subsz->json, NULL);
	broker__json_string(&subsz->json, "account", "$G");
	broker__json_subscription(&subsz->json, info, broker_cursor_cid(&subsz->cursor));
	broker__json_object_end(&subsz->json);
}

/* Visit more subscriptions. False when all have been visited. */
static bool visit_some(struct subsz *subsz,
		       void (*visit)(void *context, const struct broker_subscription_info *info))
{
	for (int i = 0; i < SLOTS_AT_ONCE && subsz->json.body->len < NET_HTTP_PIECE_BYTES; i++) {
		if (broker_cursor_cid(&subsz->cursor) == 0 || subsz->place >= subsz->offset + subsz->limit)
			return false;
		if (!broker_cursor_next_subs(&subsz->cursor, visit, subsz))
			broker_cursor_next_client(&subsz->cursor);
	}
	return true;
}

static void begin_list(struct subsz *subsz)
{
	struct broker_totals totals;
	struct broker__json *json = &subsz->json;
	broker_inspect_totals(subsz->broker, &totals);
	broker__json_object(json, NULL);
	broker__json_string(json, "server_id", totals.server_id);
	broker__json_time(json, "now", totals.now_ns);
	set_statistics(json, &totals);
	broker__json_count(json, "total", *subsz->test ? (uint64_t)subsz->total : totals.subscriptions);
	broker__json_integer(json, "offset", subsz->offset);
	broker__json_integer(json, "limit", subsz->limit);
	broker__json_array(json, "subscriptions_list");
	subsz->is_counting = false;
	broker_cursor_fini(&subsz->cursor);
	broker_cursor_init(&subsz->cursor, subsz->broker);
}

/* ---- piece by piece ---- */

static bool write_piece(struct subsz *subsz)
{
	if (subsz->is_counting) {
		if (*subsz->test && visit_some(subsz, count))
			return true;
		begin_list(subsz);
	}
	if (visit_some(subsz, list))
		return true;
	broker__json_array_end(&subsz->json);
	broker__json_object_end(&subsz->json);
	return false;
}

static bool write_subsz(struct net_http_rest *rest, struct net_http_body *body)
{
	struct subsz *subsz = (struct subsz *)rest;
	subsz->json.body = body;
	bool has_more = write_piece(subsz);
	if (body->len == 0)
		net_http_body_add(body, WIRE_LITERAL(" "));
	return has_more;
}

static void close_subsz(struct net_http_rest *rest)
{
	struct subsz *subsz = (struct subsz *)rest;
	broker_cursor_fini(&subsz->cursor);
	free(subsz->test);
	free(subsz);
}

static struct subsz *open_subsz(const struct net_http_request *request, int64_t offset, int64_t limit,
				const char *test)
{
	struct subsz *subsz = calloc(1, sizeof *subsz);
	char *copy = strdup(test);
	if (!subsz || !copy) {
		free(subsz);
		free(copy);
		return NULL;
	}
	*subsz = (struct subsz){.rest = {.write = write_subsz, .close = close_subsz},
				.broker = broker__of_request(request),
				.offset = offset > 0 ? offset : 0,
				.limit = limit > 0 ? limit : DEFAULT_LIMIT,
				.test = copy,
				.is_counting = true};
	broker_cursor_init(&subsz->cursor, broker__of_request(request));
	return subsz;
}

static void write_statistics(const struct net_http_request *request, struct broker__json *json)
{
	struct broker_totals totals;
	broker_inspect_totals(broker__of_request(request), &totals);
	broker__json_object(json, NULL);
	set_statistics(json, &totals);
	broker__json_object_end(json);
}

void broker__serve_subsz(const struct net_http_request *request, struct net_http_answer *answer)
{
	struct broker__json json;
	int64_t offset, limit;
	bool with_list = false;
	const char *test = net_http_query(request, "test");
	if (!broker__query_bool(request, "subs", &with_list, answer) ||
	    !broker__query_int(request, "offset", 0, &offset, answer) ||
	    !broker__query_int(request, "limit", DEFAULT_LIMIT, &limit, answer))
		return;
	if (*test && !wire_subject_is_literal(wire_slice_str(test))) {
		net_http_answer_text(answer, NET_HTTP_BAD_REQUEST, "invalid test subject, must be literal");
		return;
	}
	if (!broker__answer_json(request, answer, NET_HTTP_OK, &json))
		return;
	if (!with_list && !*test) {
		write_statistics(request, &json);
		return;
	}
	struct subsz *subsz = open_subsz(request, offset, limit, test);
	answer->body.is_failed = !subsz;
	answer->rest = subsz ? &subsz->rest : NULL;
}
