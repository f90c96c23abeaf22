/* monitor_connz.c - who is connected: /connz. Clients are looked at twice: once to choose the page by the
 * sort order, once to describe those on it, so that memory does not grow with the clients that are not
 * shown. */
#include <stdlib.h>
#include <string.h>

#include "broker/monitor_answer.h"

enum { DEFAULT_LIMIT = 1024 };

enum subscriptions { SUBSCRIPTIONS_NONE, SUBSCRIPTIONS_PLAIN, SUBSCRIPTIONS_DETAIL };

/* What was asked for. */
struct query {
	int64_t offset, limit;
	uint64_t cid;     /* 0 = everybody */
	const char *user; /* "" = everybody */
	bool is_closed;   /* asked for closed connections, of which none is kept */
	bool with_user;
	enum subscriptions subscriptions;
	/* The larger the earlier; NULL: by rising cid. */
	int64_t (*sort_key)(const struct broker_client_info *info);
};

struct candidate {
	int64_t key;
	uint64_t cid;
};

/* The clients that match, being collected, then sorted. */
struct candidates {
	const struct query *query;
	struct candidate *list; /* owned */
	size_t len, room;
	bool out_of_memory;
};

/* The clients of the page: sorted by cid for look-up, with the place each takes in the answer. */
struct page {
	const struct query *query;
	struct candidate *members; /* key is the place */
	size_t len;
	json_t **rows; /* by place; owned until put into the answer */
	int64_t now_ns;
};

/* ---- the query ---- */

static int64_t by_subs(const struct broker_client_info *info)
{
	return info->subscriptions;
}

static int64_t by_pending(const struct broker_client_info *info)
{
	return (int64_t)info->pending_bytes;
}

static int64_t by_out_msgs(const struct broker_client_info *info)
{
	return (int64_t)info->out_msgs;
}

static int64_t by_in_msgs(const struct broker_client_info *info)
{
	return (int64_t)info->in_msgs;
}

static int64_t by_out_bytes(const struct broker_client_info *info)
{
	return (int64_t)info->out_bytes;
}

static int64_t by_in_bytes(const struct broker_client_info *info)
{
	return (int64_t)info->in_bytes;
}

static int64_t by_last(const struct broker_client_info *info)
{
	return info->last_activity_ns;
}

static int64_t by_idle(const struct broker_client_info *info)
{
	return -info->last_activity_ns;
}

/* The longest connected first. */
static int64_t by_uptime(const struct broker_client_info *info)
{
	return -info->start_ns;
}

static bool read_sort(const struct broker__request *request, struct query *query,
		      struct broker__answer *answer)
{
	static const struct {
		const char *name;
		int64_t (*key)(const struct broker_client_info *info);
	} orders[] = {
	    {"", NULL},
	    {"cid", NULL},
	    {"start", NULL},
	    {"subs", by_subs},
	    {"pending", by_pending},
	    {"msgs_to", by_out_msgs},
	    {"msgs_from", by_in_msgs},
	    {"bytes_to", by_out_bytes},
	    {"bytes_from", by_in_bytes},
	    {"last", by_last},
	    {"idle", by_idle},
	    {"uptime", by_uptime},
	};
	const char *name = broker__query(request, "sort");
	for (size_t i = 0; i < sizeof orders / sizeof *orders; i++) {
		query->sort_key = orders[i].key;
		if (strcmp(orders[i].name, name) == 0)
			return true;
	}
	broker__answer_text(answer, MHD_HTTP_BAD_REQUEST, "invalid sorting option: %.40s", name);
	return false;
}

static bool read_state(const struct broker__request *request, struct query *query,
		       struct broker__answer *answer)
{
	const char *state = broker__query(request, "state");
	query->is_closed = strcasecmp(state, "closed") == 0;
	if (!*state || query->is_closed || strcasecmp(state, "open") == 0 || strcasecmp(state, "any") == 0 ||
	    strcasecmp(state, "all") == 0)
		return true;
	broker__answer_text(answer, MHD_HTTP_BAD_REQUEST,
			    "Error decoding state for %.40s: write open, closed or any", state);
	return false;
}

static bool read_subscriptions(const struct broker__request *request, struct query *query,
			       struct broker__answer *answer)
{
	bool is_wanted = false;
	query->subscriptions = SUBSCRIPTIONS_DETAIL;
	if (strcasecmp(broker__query(request, "subs"), "detail") == 0)
		return true;
	if (!broker__query_bool(request, "subs", &is_wanted, answer))
		return false;
	query->subscriptions = is_wanted ? SUBSCRIPTIONS_PLAIN : SUBSCRIPTIONS_NONE;
	return true;
}

static bool read_query(const struct broker__request *request, struct query *query,
		       struct broker__answer *answer)
{
	int64_t cid = 0;
	*query = (struct query){.user = broker__query(request, "user")};
	if (!read_sort(request, query, answer) || !read_state(request, query, answer) ||
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

/* ---- choosing ---- */

static bool collect(void *context, const struct broker_client_info *info)
{
	struct candidates *all = context;
	const struct query *query = all->query;
	if (query->is_closed || (query->cid && query->cid != info->cid) ||
	    (*query->user && strcmp(query->user, info->user) != 0))
		return true;
	if (all->len == all->room) {
		size_t room = all->room ? all->room * 2 : 64;
		struct candidate *grown = realloc(all->list, room * sizeof *grown);
		all->out_of_memory = !grown;
		if (!grown)
			return false;
		all->list = grown;
		all->room = room;
	}
	int64_t key = query->sort_key ? query->sort_key(info) : 0;
	all->list[all->len++] = (struct candidate){.key = key, .cid = info->cid};
	return true;
}

static int compare_cids(const void *left, const void *right)
{
	const struct candidate *a = left, *b = right;
	return (a->cid > b->cid) - (a->cid < b->cid);
}

static int compare_keys(const void *left, const void *right)
{
	const struct candidate *a = left, *b = right;
	if (a->key != b->key)
		return a->key < b->key ? 1 : -1;
	return compare_cids(left, right);
}

/* Cut the page out of all candidates; its members become a lookup table by cid. */
static void choose_page(struct candidates *all, struct page *page)
{
	const struct query *query = all->query;
	size_t offset = (uint64_t)query->offset < all->len ? (size_t)query->offset : all->len;
	size_t rest = all->len - offset;
	if (all->len > 0)
		qsort(all->list, all->len, sizeof *all->list, compare_keys);
	page->len = (uint64_t)query->limit < rest ? (size_t)query->limit : rest;
	page->members = all->list ? all->list + offset : NULL;
	for (size_t i = 0; i < page->len; i++)
		page->members[i].key = (int64_t)i;
	if (page->len > 0)
		qsort(page->members, page->len, sizeof *page->members, compare_cids);
}

/* ---- describing ---- */

static bool add_subject(void *context, const struct broker_subscription_info *info)
{
	json_array_append_new(context, broker__json_text(info->subject.data, info->subject.len));
	return true;
}

struct detail {
	json_t *list;
	uint64_t cid;
};

static bool add_detail(void *context, const struct broker_subscription_info *info)
{
	struct detail *detail = context;
	json_t *row = json_object();
	json_object_set_new(row, "subject", broker__json_text(info->subject.data, info->subject.len));
	if (info->queue.len)
		json_object_set_new(row, "qgroup", broker__json_text(info->queue.data, info->queue.len));
	json_object_set_new(row, "sid", broker__json_text(info->sid.data, info->sid.len));
	json_object_set_new(row, "msgs", broker__json_count(info->delivered));
	if (info->max)
		json_object_set_new(row, "max", broker__json_count(info->max));
	json_object_set_new(row, "cid", broker__json_count(detail->cid));
	json_array_append_new(detail->list, row);
	return true;
}

static void set_subscriptions(json_t *row, const struct broker_client_info *info, enum subscriptions form)
{
	struct detail detail = {.list = json_array(), .cid = info->cid};
	if (form == SUBSCRIPTIONS_DETAIL)
		broker_inspect_subscriptions(info->client, add_detail, &detail);
	else if (form == SUBSCRIPTIONS_PLAIN)
		broker_inspect_subscriptions(info->client, add_subject, detail.list);
	if (json_array_size(detail.list) > 0)
		json_object_set(
		    row, form == SUBSCRIPTIONS_DETAIL ? "subscriptions_list_detail" : "subscriptions_list",
		    detail.list);
	json_decref(detail.list);
}

static void set_told(json_t *row, const char *key, const char *text)
{
	if (*text)
		json_object_set_new(row, key, broker__json_text(text, strlen(text)));
}

static void set_traffic(json_t *row, const struct broker_client_info *info)
{
	json_object_set_new(row, "pending_bytes", broker__json_count(info->pending_bytes));
	json_object_set_new(row, "in_msgs", broker__json_count(info->in_msgs));
	json_object_set_new(row, "out_msgs", broker__json_count(info->out_msgs));
	json_object_set_new(row, "in_bytes", broker__json_count(info->in_bytes));
	json_object_set_new(row, "out_bytes", broker__json_count(info->out_bytes));
	json_object_set_new(row, "subscriptions", json_integer(info->subscriptions));
}

static json_t *describe(const struct page *page, const struct broker_client_info *info)
{
	json_t *row = json_object();
	json_object_set_new(row, "cid", broker__json_count(info->cid));
	json_object_set_new(row, "kind", json_string("Client"));
	json_object_set_new(row, "type", json_string("nats"));
	json_object_set_new(row, "ip", json_string(info->ip));
	json_object_set_new(row, "port", json_integer(info->port));
	json_object_set_new(row, "start", broker__json_time(info->start_ns));
	json_object_set_new(row, "last_activity", broker__json_time(info->last_activity_ns));
	json_object_set_new(row, "rtt", broker__json_rtt(info->rtt_ns));
	json_object_set_new(row, "uptime", broker__json_uptime(page->now_ns - info->start_ns));
	json_object_set_new(row, "idle", broker__json_uptime(page->now_ns - info->last_activity_ns));
	set_traffic(row, info);
	set_told(row, "name", info->name);
	set_told(row, "lang", info->lang);
	set_told(row, "version", info->version);
	if (page->query->with_user) {
		set_told(row, "authorized_user", info->user);
		set_told(row, "account", "$G");
	}
	set_subscriptions(row, info, page->query->subscriptions);
	return row;
}

static bool describe_member(void *context, const struct broker_client_info *info)
{
	struct page *page = context;
	const struct candidate wanted = {.cid = info->cid};
	const struct candidate *found =
	    bsearch(&wanted, page->members, page->len, sizeof wanted, compare_cids);
	if (found)
		page->rows[found->key] = describe(page, info);
	return true;
}

/* The rows of the page, in order. Owned. */
static json_t *describe_page(struct broker *broker, struct page *page)
{
	json_t *list = json_array();
	page->rows = calloc(page->len + 1, sizeof *page->rows);
	if (page->rows && page->len > 0)
		broker_inspect_clients(broker, describe_member, page);
	for (size_t i = 0; page->rows && i < page->len; i++)
		if (page->rows[i])
			json_array_append_new(list, page->rows[i]);
	free(page->rows);
	return list;
}

void broker__serve_connz(const struct broker__request *request, struct broker__answer *answer)
{
	struct query query;
	struct broker_totals totals;
	if (!read_query(request, &query, answer))
		return;
	struct candidates all = {.query = &query};
	struct page page = {.query = &query};
	broker_inspect_totals(request->broker, &totals);
	broker_inspect_clients(request->broker, collect, &all);
	page.now_ns = totals.now_ns;
	choose_page(&all, &page);
	json_t *rows = describe_page(request->broker, &page);
	json_t *connz = json_object();
	json_object_set_new(connz, "server_id", json_string(totals.server_id));
	json_object_set_new(connz, "now", broker__json_time(totals.now_ns));
	json_object_set_new(connz, "num_connections", json_integer((json_int_t)json_array_size(rows)));
	json_object_set_new(connz, "total", json_integer((json_int_t)all.len));
	json_object_set_new(connz, "offset", json_integer(query.offset));
	json_object_set_new(connz, "limit", json_integer(query.limit));
	json_object_set_new(connz, "connections", rows);
	free(all.list);
	broker__answer_json(request, answer, MHD_HTTP_OK, connz, false);
}
