/* connz_query.h - the query of /connz: which clients, in which order, with which details. Inside this folder. */
#ifndef BROKER_MONITOR_CONNZ_QUERY_H
#define BROKER_MONITOR_CONNZ_QUERY_H

#include "broker/monitor/answer.h"

enum broker__subs_listing { BROKER__SUBS_NONE, BROKER__SUBS_PLAIN, BROKER__SUBS_DETAIL };

/* The parameters of the query. */
struct broker__connz_query {
	int64_t offset, limit;
	uint64_t cid; /* 0 = everybody */
	bool with_open, with_closed;
	bool with_user;
	enum broker__subs_listing subscriptions;
	/* The larger the earlier; NULL: by rising cid. */
	int64_t (*sort_key)(const struct broker_client_info *info, int64_t now_ns);
};

/* Read the query of a request. False, with a 400 in *answer, when it is malformed. */
bool broker__connz_query_read(const struct net_http_request *request, struct broker__connz_query *query,
			      struct net_http_answer *answer);

#endif
