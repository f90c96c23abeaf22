#include "cli/output/who_order.h"

#include <errno.h>
#include <stdlib.h>

#include "wire/subject.h"

const struct wire_client *cli_who_client(const struct cli_who *who, uint32_t client)
{
	static const struct wire_client nothing;
	const struct wire_client *described = trace_client_described(trace_clients_at(who->clients, client));
	return described ? described : &nothing;
}

static struct wire_slice name_of(const struct cli_who *who, uint32_t number)
{
	return trace_names_text(&who->result->names, number);
}

static bool is_wanted_client(const struct cli_who *who, uint32_t client)
{
	const struct wire_event event = {.kind = WIRE_EVENT_CONNECT,
					 .conn = trace_clients_at(who->clients, client)->conn,
					 .client = cli_who_client(who, client)};
	return !who->filter || store_filter_event(who->filter, &event, NULL);
}

/* An unrecorded subscription is listed under a subject that it got. */
static bool is_wanted(const struct cli_who *who, const struct trace_present_subscription *subscription)
{
	struct wire_slice subject = name_of(who, subscription->subject);
	bool matches = subscription->is_recorded ? wire_subject_overlaps(subject, who->asked)
						 : wire_subject_matches(who->asked, subject);
	return matches && is_wanted_client(who, subscription->client);
}

static int compare(struct wire_slice a, struct wire_slice b)
{
	size_t len = a.len < b.len ? a.len : b.len;
	int order = len > 0 ? memcmp(a.data, b.data, len) : 0;
	return order ? order : (a.len > b.len) - (a.len < b.len);
}

static int compare_clients(const struct cli_who *who, uint32_t a, uint32_t b)
{
	int order = compare(cli_who_client(who, a)->name, cli_who_client(who, b)->name);
	uint64_t first = trace_clients_at(who->clients, a)->conn,
		 second = trace_clients_at(who->clients, b)->conn;
	return order ? order : (first > second) - (first < second);
}

static int by_name(const void *a, const void *b, void *who)
{
	return compare_clients(who, *(const uint32_t *)a, *(const uint32_t *)b);
}

/* Members of a queue group follow each other. */
static int by_group(const void *a, const void *b, void *context)
{
	const struct cli_who *who = context;
	const struct trace_present_subscription *first = &who->result->subscriptions[*(const uint32_t *)a];
	const struct trace_present_subscription *second = &who->result->subscriptions[*(const uint32_t *)b];
	int order = compare(name_of(who, first->subject), name_of(who, second->subject));
	if (!order)
		order = compare(name_of(who, first->queue), name_of(who, second->queue));
	return order ? order : compare_clients(who, first->client, second->client);
}

/* A queue group is a queue and a subject. */
static void count_groups(struct cli_who *who)
{
	const struct trace_present_subscription *last = NULL;
	for (size_t i = 0; i < who->rows_len; i++) {
		const struct trace_present_subscription *at = &who->result->subscriptions[who->rows[i]];
		bool has_queue = name_of(who, at->queue).len > 0;
		who->plain += !has_queue;
		who->groups +=
		    has_queue && (!last || last->queue != at->queue || last->subject != at->subject);
		last = at;
	}
}

int cli_who_order(struct cli_who *who)
{
	const struct trace_presence_result *result = who->result;
	bool of_subject = who->asked.len > 0;
	size_t len = of_subject ? result->subscriptions_len : result->clients_len;
	who->rows = calloc(len + 1, sizeof *who->rows);
	if (!who->rows)
		return -ENOMEM;
	for (uint32_t i = 0; i < len; i++)
		if (of_subject ? is_wanted(who, &result->subscriptions[i])
			       : result->clients[i].is_here && is_wanted_client(who, i))
			who->rows[who->rows_len++] = i;
	qsort_r(who->rows, who->rows_len, sizeof *who->rows, of_subject ? by_group : by_name, who);
	if (of_subject)
		count_groups(who);
	return 0;
}

void cli_who_fini(struct cli_who *who)
{
	free(who->rows);
	who->rows = NULL;
}
