/* answer.h - what the pages of the monitoring have in common, inside this folder. */
#ifndef BROKER_MONITOR_ANSWER_H
#define BROKER_MONITOR_ANSWER_H

#include "broker/inspect.h"
#include "broker/monitor/cpu.h"
#include "broker/monitor/json.h"

/* The owner of the routes: what the pages are about. */
struct broker__monitored {
	struct broker *broker;
	struct broker__cpu cpu;
};

static inline struct broker *broker__of_request(const struct net_http_request *request)
{
	return ((const struct broker__monitored *)request->owner)->broker;
}

/* A number or boolean of the query, in *value; `missing` (or false) when there is none. False, with a 400 in
 * *answer, when it is malformed. */
bool broker__query_int(const struct net_http_request *request, const char *name, int64_t missing,
		       int64_t *value, struct net_http_answer *answer);
bool broker__query_bool(const struct net_http_request *request, const char *name, bool *value,
			struct net_http_answer *answer);

/* The members of a subscription, as /connz and /subsz show them. */
void broker__json_subscription(struct broker__json *json, const struct broker_subscription_info *info,
			       uint64_t cid);

/* Begin a JSON answer, to which *json writes from now on. With ?callback= the body is the argument of that function;
 * false, with a 400 in *answer, when that is no function name. */
bool broker__answer_json(const struct net_http_request *request, struct net_http_answer *answer,
			 unsigned status, struct broker__json *json);

#endif
