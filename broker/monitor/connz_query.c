#include "broker/monitor/connz_query.h"

#include <string.h>
#include <strings.h>

enum { DEFAULT_LIMIT = 1024 };

static int64_t by_subs(const struct broker_client_info *info, int64_t now_ns)
{
	(void)now_ns;
	return info->subscriptions;
}

static int64_t by_pending(const struct broker_client_info *info, int64_t now_ns)
{
	(void)now_ns;
	return (int64_t)info->pending_bytes;
}

static int64_t by_out_msgs(const struct broker_client_info *info, int64_t now_ns)
{
	(void)now_ns;
	return (int64_t)info->out_msgs;
}

static int64_t by_in_msgs(const struct broker_client_info *info, int64_t now_ns)
{
	(void)now_ns;
	return (int64_t)info->in_msgs;
}

static int64_t by_out_bytes(const struct broker_client_info *info, int64_t now_ns)
{
	(void)now_ns;
	return (int64_t)info->out_bytes;
}

static int64_t by_in_bytes(const struct broker_client_info *info, int64_t now_ns)
{
	(void)now_ns;
	return (int64_t)info->in_bytes;
}

static int64_t by_last(const struct broker_client_info *info, int64_t now_ns)
{
	(void)now_ns;
	return info->last_activity_ns;
}

/* As in nats-server: from the start to the last activity. */
static int64_t by_idle(const struct broker_client_info *info, int64_t now_ns)
{
	(void)now_ns;
	return info->last_activity_ns - info->start_ns;
}

/* The shortest uptime first. For connected clients: the last to connect first. */
static int64_t by_uptime(const struct broker_client_info *info, int64_t now_ns)
{
	return info->start_ns - (info->stop_ns ? info->stop_ns : now_ns);
}

static int64_t by_stop(const struct broker_client_info *info, int64_t now_ns)
{
	(void)now_ns;
	return info->stop_ns;
}

/* The first letters are enough to sort equal reasons together. */
static int64_t by_reason(const struct broker_client_info *info, int64_t now_ns)
{
	(void)now_ns;
	int64_t key = 0;
	for (size_t i = 0; i < 7; i++)
		key = key << 8 | (info->reason && strlen(info->reason) > i ? info->reason[i] : 0);
	return -key;
}

static bool read_sort(const struct net_http_request *request, struct broker__connz_query *query,
		      struct net_http_answer *answer)
{
	static const struct {
		const char *name;
		int64_t (*key)(const struct broker_client_info *info, int64_t now_ns);
		bool is_of_closed;
	} orders[] = {
	    {"", NULL, false},
	    {"cid", NULL, false},
	    {"start", NULL, false},
	    {"subs", by_subs, false},
	    {"pending", by_pending, false},
	    {"msgs_to", by_out_msgs, false},
	    {"msgs_from", by_in_msgs, false},
	    {"bytes_to", by_out_bytes, false},
	    {"bytes_from", by_in_bytes, false},
	    {"last", by_last, false},
	    {"idle", by_idle, false},
	    {"uptime", by_uptime, false},
	    {"stop", by_stop, true},
	    {"reason", by_reason, true},
	};
	const char *name = net_http_query(request, "sort");
	for (size_t i = 0; i < sizeof orders / sizeof *orders; i++) {
		query->sort_key = orders[i].key;
		if (strcmp(orders[i].name, name) != 0)
			continue;
		if (!orders[i].is_of_closed || !query->with_open)
			return true;
		net_http_answer_text(answer, NET_HTTP_BAD_REQUEST,
				     "sort by %s only valid on closed connections", name);
		return false;
	}
	net_http_answer_text(answer, NET_HTTP_BAD_REQUEST, "invalid sorting option: %.40s", name);
	return false;
}

static bool read_state(const struct net_http_request *request, struct broker__connz_query *query,
		       struct net_http_answer *answer)
{
	const char *state = net_http_query(request, "state");
	bool is_any = strcasecmp(state, "any") == 0 || strcasecmp(state, "all") == 0;
	bool is_closed = strcasecmp(state, "closed") == 0;
	query->with_open = !is_closed;
	query->with_closed = is_closed || is_any;
	if (!*state || is_closed || is_any || strcasecmp(state, "open") == 0)
		return true;
	net_http_answer_text(answer, NET_HTTP_BAD_REQUEST,
			     "Error decoding state for %.40s: write open, closed or any", state);
	return false;
}

static bool read_subscriptions(const struct net_http_request *request, struct broker__connz_query *query,
			       struct net_http_answer *answer)
{
	bool is_wanted = false;
	query->subscriptions = BROKER__SUBS_DETAIL;
	if (strcasecmp(net_http_query(request, "subs"), "detail") == 0)
		return true;
	if (!broker__query_bool(request, "subs", &is_wanted, answer))
		return false;
	query->subscriptions = is_wanted ? BROKER__SUBS_PLAIN : BROKER__SUBS_NONE;
	return true;
}

bool broker__connz_query_read(const struct net_http_request *request, struct broker__connz_query *query,
			      struct net_http_answer *answer)
{
	int64_t cid = 0;
	if (!read_state(request, query, answer) || !read_sort(request, query, answer) ||
	    !read_subscriptions(request, query, answer) ||
	    !broker__query_bool(request, "auth", &query->with_user, answer) ||
	    !broker__query_int(request, "offset", 0, &query->offset, answer) ||
	    !broker__query_int(request, "limit", DEFAULT_LIMIT, &query->limit, answer) ||
	    !broker__query_int(request, "cid", 0, &cid, answer))
		return false;
	query->cid = cid > 0 ? (uint64_t)cid : 0;
	query->offset = query->offset > 0 ? query->offset : 0;
	query->limit = query->cid ? 1 : query->limit > 0 ? query->limit : DEFAULT_LIMIT;
	return true;
}
