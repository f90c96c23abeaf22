/* monitor_subsz.c - the subscriptions of all clients together: /subsz. */
#include <string.h>

#include "broker/monitor_answer.h"
#include "wire/subject.h"

enum { DEFAULT_LIMIT = 1024 };

/* What was asked for, and the list being made. */
struct listing {
	int64_t offset, limit;
	struct wire_slice test; /* a subject that listed subscriptions must match; empty = all */
	int64_t total;
	uint64_t cid; /* whose subscriptions are being listed */
	json_t *list;
};

static bool add_subscription(void *context, const struct broker_subscription_info *info)
{
	struct listing *listing = context;
	if (listing->test.len && !wire_subject_matches(info->subject, listing->test))
		return true;
	int64_t place = listing->total++ - listing->offset;
	if (place < 0 || place >= listing->limit)
		return true;
	json_t *row = json_object();
	json_object_set_new(row, "account", json_string("$G"));
	json_object_set_new(row, "subject", broker__json_text(info->subject.data, info->subject.len));
	if (info->queue.len)
		json_object_set_new(row, "qgroup", broker__json_text(info->queue.data, info->queue.len));
	json_object_set_new(row, "sid", broker__json_text(info->sid.data, info->sid.len));
	json_object_set_new(row, "msgs", broker__json_count(info->delivered));
	if (info->max)
		json_object_set_new(row, "max", broker__json_count(info->max));
	json_object_set_new(row, "cid", broker__json_count(listing->cid));
	json_array_append_new(listing->list, row);
	return true;
}

static bool add_client(void *context, const struct broker_client_info *info)
{
	struct listing *listing = context;
	listing->cid = info->cid;
	broker_inspect_subscriptions(info->client, add_subscription, listing);
	return true;
}

static double ratio(uint64_t part, uint64_t whole)
{
	return whole ? (double)part / (double)whole : 0;
}

/* The fan-out is that of all messages so far: receivers per message. nats-server takes it from its cache of
 * the moment, and the largest one too, which is not kept here and always 0. */
static void set_statistics(json_t *subsz, const struct broker_totals *totals)
{
	json_object_set_new(subsz, "num_subscriptions", broker__json_count(totals->subscriptions));
	json_object_set_new(subsz, "num_cache", broker__json_count(totals->cache_entries));
	json_object_set_new(subsz, "num_inserts", broker__json_count(totals->sub_inserts));
	json_object_set_new(subsz, "num_removes", broker__json_count(totals->sub_removes));
	json_object_set_new(subsz, "num_matches", broker__json_count(totals->matches));
	json_object_set_new(subsz, "cache_hit_rate",
			    json_real(ratio(totals->cache_hits, totals->cache_hits + totals->cache_misses)));
	json_object_set_new(subsz, "max_fanout", json_integer(0));
	json_object_set_new(subsz, "avg_fanout", json_real(ratio(totals->out_msgs, totals->in_msgs)));
}

/* False with a 400 in *answer when the query is malformed. */
static bool read_listing(const struct broker__request *request, struct listing *listing, bool *is_wanted,
			 struct broker__answer *answer)
{
	listing->test = wire_slice_str(broker__query(request, "test"));
	if (!broker__query_bool(request, "subs", is_wanted, answer) ||
	    !broker__query_int(request, "offset", 0, &listing->offset, answer) ||
	    !broker__query_int(request, "limit", DEFAULT_LIMIT, &listing->limit, answer))
		return false;
	if (listing->test.len && !wire_subject_is_literal(listing->test)) {
		broker__answer_text(answer, MHD_HTTP_BAD_REQUEST, "invalid test subject, must be literal");
		return false;
	}
	listing->offset = listing->offset > 0 ? listing->offset : 0;
	listing->limit = listing->limit > 0 ? listing->limit : DEFAULT_LIMIT;
	*is_wanted = *is_wanted || listing->test.len;
	return true;
}

void broker__serve_subsz(const struct broker__request *request, struct broker__answer *answer)
{
	struct broker_totals totals;
	struct listing listing = {0};
	bool is_wanted = false;
	if (!read_listing(request, &listing, &is_wanted, answer))
		return;
	json_t *subsz = json_object();
	broker_inspect_totals(request->broker, &totals);
	if (is_wanted) {
		json_object_set_new(subsz, "server_id", json_string(totals.server_id));
		json_object_set_new(subsz, "now", broker__json_time(totals.now_ns));
	}
	set_statistics(subsz, &totals);
	if (is_wanted) {
		listing.list = json_array();
		broker_inspect_clients(request->broker, add_client, &listing);
		json_object_set_new(subsz, "total", json_integer(listing.total));
		json_object_set_new(subsz, "offset", json_integer(listing.offset));
		json_object_set_new(subsz, "limit", json_integer(listing.limit));
		json_object_set_new(subsz, "subscriptions_list", listing.list);
	}
	broker__answer_json(request, answer, MHD_HTTP_OK, subsz, false);
}
