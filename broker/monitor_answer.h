/* monitor_answer.h - what the pages of the monitoring share, inside this folder. */
#ifndef BROKER_MONITOR_ANSWER_H
#define BROKER_MONITOR_ANSWER_H

#include <jansson.h>
#include <microhttpd.h>

#include "broker/inspect.h"

/* A request being answered. */
struct broker__request {
	struct broker *broker;
	struct MHD_Connection *connection;
	const uint64_t *page_counts; /* requests so far, by broker__pages */
	double cpu_percent;          /* of this process, lately */
};

struct broker__answer {
	unsigned status;
	const char *type; /* static */
	char *body;       /* owned, NUL-terminated; NULL when out of memory */
};

/* The pages: path, alias (NULL = none) and the function that fills in the answer. Ends with path NULL. */
struct broker__page {
	const char *path, *alias;
	void (*serve)(const struct broker__request *request, struct broker__answer *answer);
};
enum { BROKER__PAGES = 6 };
extern const struct broker__page broker__pages[BROKER__PAGES + 1];

void broker__serve_root(const struct broker__request *request, struct broker__answer *answer);
void broker__serve_varz(const struct broker__request *request, struct broker__answer *answer);
void broker__serve_connz(const struct broker__request *request, struct broker__answer *answer);
void broker__serve_subsz(const struct broker__request *request, struct broker__answer *answer);
void broker__serve_healthz(const struct broker__request *request, struct broker__answer *answer);
void broker__serve_metrics(const struct broker__request *request, struct broker__answer *answer);

/* A parameter of the query, "" when missing. Borrowed from the connection. */
const char *broker__query(const struct broker__request *request, const char *name);

/* A number or truth of the query, in *value; `missing` stands for a missing one. False, with a 400 in
 * *answer, when it is malformed. */
bool broker__query_int(const struct broker__request *request, const char *name, int64_t missing,
		       int64_t *value, struct broker__answer *answer);
bool broker__query_bool(const struct broker__request *request, const char *name, bool *value,
			struct broker__answer *answer);

/* Answer with JSON as nats-server lays it out, wrapped in ?callback= when asked for. Takes the reference. */
void broker__answer_json(const struct broker__request *request, struct broker__answer *answer,
			 unsigned status, json_t *json, bool is_compact);
/* Answer with a line of text from a printf format. */
void broker__answer_text(struct broker__answer *answer, unsigned status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* JSON values. Never NULL unless memory is out. */
json_t *broker__json_text(const char *text, size_t len); /* bytes that are not UTF-8 become '?' */
json_t *broker__json_time(int64_t time_ns);              /* RFC 3339 with nanoseconds */
json_t *broker__json_uptime(int64_t duration_ns);        /* "1d2h3m4s", as nats-server writes it */
json_t *broker__json_rtt(int64_t duration_ns);           /* "693µs", as Go writes durations */
static inline json_t *broker__json_count(uint64_t count)
{
	return json_integer((json_int_t)(count > INT64_MAX ? INT64_MAX : count));
}

#endif
