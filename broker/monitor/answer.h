/* answer.h - requests and answers of the monitoring pages, inside this folder. */
#ifndef BROKER_MONITOR_ANSWER_H
#define BROKER_MONITOR_ANSWER_H

#include <microhttpd.h>

#include "broker/inspect.h"
#include "broker/monitor/json.h"

struct broker__page;

/* A request being answered. */
struct broker__request {
	struct broker *broker;
	struct MHD_Connection *connection;
	const struct broker__page *pages; /* all of them */
	const uint64_t *page_counts;      /* requests so far, by page */
	double cpu_percent;               /* of this process, lately */
};

/* The rest of an answer that may be large: written piece by piece as the client reads it, so that the answer
 * neither blocks the loop nor takes much memory. Clients and subscriptions may come and go between two pieces. */
struct broker__rest {
	/* Append the next piece to *json: at least one byte, and little more than BROKER__PIECE_BYTES, in little
	 * more than a fraction of a millisecond. False when it was the last. */
	bool (*write)(struct broker__rest *rest, struct broker__json *json);
	void (*close)(struct broker__rest *rest);
};
enum { BROKER__PIECE_BYTES = 8192 };

struct broker__answer {
	unsigned status;
	const char *type; /* static */
	struct broker__json body;
	struct broker__rest *rest; /* owned; NULL: the body is whole */
	bool is_call;              /* the body is the argument of a JavaScript function; ")" follows it */
};

/* A page: path, alias (NULL = none) and the function that fills in the answer. */
struct broker__page {
	const char *path, *alias;
	void (*serve)(const struct broker__request *request, struct broker__answer *answer);
};
enum { BROKER__PAGES = 12 };

/* A parameter of the query, "" when missing. Borrowed from the connection. */
const char *broker__query(const struct broker__request *request, const char *name);

/* A number or boolean of the query, in *value; `missing` (or false) when there is none. False, with a 400 in
 * *answer, when it is malformed. */
bool broker__query_int(const struct broker__request *request, const char *name, int64_t missing,
		       int64_t *value, struct broker__answer *answer);
bool broker__query_bool(const struct broker__request *request, const char *name, bool *value,
			struct broker__answer *answer);

/* The members of a subscription, as /connz and /subsz show them. */
void broker__json_subscription(struct broker__json *json, const struct broker_subscription_info *info,
			       uint64_t cid);

/* Begin a JSON answer; the caller writes its body. With ?callback= the body is the argument of that function;
 * false, with a 400 in *answer, when that is no function name. */
bool broker__answer_json(const struct broker__request *request, struct broker__answer *answer,
			 unsigned status);
/* Answer with a line of text from a printf format. */
void broker__answer_text(struct broker__answer *answer, unsigned status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
