/* state.h - the facts that checks share, established once in one pass over the events.
 *
 * Structs only. Each group of facts is filled by the file of its name in this folder. Everything is bounded: tables that
 * are full count what found no room. */
#ifndef TRACE_DOCTOR_FACTS_STATE_H
#define TRACE_DOCTOR_FACTS_STATE_H

#include "store/format/table.h"
#include "trace/clients.h"
#include "trace/doctor/facts/timeline.h"
#include "trace/doctor/finding.h"
#include "trace/histogram.h"
#include "trace/requests.h"
#include "wire/source.h"

/* Kinds of facts that cost something for each message. A check names those that it needs; the others are not
 * established. */
enum {
	DOCTOR__NEEDS_RECEIVERS = 1 << 0, /* who got each message */
	DOCTOR__NEEDS_REQUESTS = 1 << 1,  /* requests paired with their replies */
	DOCTOR__NEEDS_PAYLOADS = 1 << 2,  /* payloads compared with earlier ones */
};

/* ---- subjects: subjects.h ---- */

/* The most that happened within a second. */
struct doctor__burst {
	int64_t until_ns; /* the end of the second that is counted */
	uint32_t count, most;
	uint64_t seq, most_seq; /* the first message of that second */
	uint16_t origin, most_origin;
};

/* The outcomes of requests on a subject. */
struct doctor__request_facts {
	uint64_t requests, answered;
	uint64_t
	    receivers_unknown; /* requests that may have had receivers which the recording does not know */
	uint64_t evicted;      /* forgotten before it was known whether they would be answered */
	uint64_t hidden;       /* no reply was seen, but a gap may have hidden it */
	struct trace_evidence unanswered, no_responders, several, errors, late;
	struct trace_evidence retries;
	struct doctor__retry_window {
		int64_t until_ns;
		uint32_t requests, retries;
	} window, worst;   /* of retries: the present one, and that with the most retries */
	uint64_t compared; /* repeated requests whose reply was compared with the one before */
	struct trace_evidence same;
	struct trace_histogram latency; /* to the first reply */
	uint64_t slowest_seq;
	uint32_t slowest_origin;
};

/* The members of a queue group that took a message, since its membership changed last. */
struct doctor__member {
	uint32_t client;
	uint32_t count;
};

enum { DOCTOR__MEMBERS_MAX = 256, DOCTOR__QUEUES_MAX = 64 /* of a subject */ };

struct doctor__queue {
	struct doctor__queue *next; /* of the same subject */
	char *name;                 /* owned; name_len bytes */
	size_t name_len;
	struct doctor__member *members; /* owned */
	uint32_t len, cap;
	uint64_t messages;                /* in all */
	struct doctor__unfair {           /* the worst share so far */
		double ratio;             /* of the largest and the smallest count; 0 = none */
		uint32_t busiest, idlest; /* clients */
		uint32_t most, least, members;
	} worst;
	struct trace_evidence evidence; /* messages to the only member */
	uint32_t members_ever;
	bool is_crowded; /* it has more than DOCTOR__MEMBERS_MAX members: nothing is said of it */
};

/* A subject; of subjects that differ in id-like tokens only, all of them. */
struct doctor__subject {
	char *text; /* owned; text_len bytes; "*" for folded tokens */
	size_t text_len;
	uint32_t number;
	bool is_inbox;
	bool is_internal; /* of the server or of JetStream: begins with $ */
	bool is_asked;    /* it was used as a reply subject: messages may be replies */
	bool has_unnamed; /* messages whose receivers were counted but not named */
	uint64_t
	    literals; /* different subjects in it; the least there were when the table of subjects is full */
	uint64_t messages, bytes; /* headers included */
	int64_t first_ns, last_ns;
	struct doctor__series series;
	struct doctor__burst burst;

	uint64_t unknown;    /* messages that may have other receivers than those that are known */
	uint64_t deliveries; /* known ones */
	uint32_t most_receivers;
	uint64_t most_receivers_seq;
	uint32_t most_receivers_origin;
	struct trace_evidence unheard;     /* messages that nobody was to get */
	struct trace_evidence unheard_now; /* those after the last one that somebody was to get */
	int64_t unheard_since_ns;          /* of the first of them */

	uint64_t largest, largest_seq; /* payload */
	uint32_t largest_origin;
	struct trace_evidence large; /* payloads of at least DOCTOR__LARGE_BYTES */
	struct trace_evidence duplicates;

	struct doctor__queue *queues; /* owned */
	uint32_t queues_len;
	struct doctor__request_facts *requests; /* owned; NULL = no request */
};

enum { DOCTOR__LARGE_BYTES = 768 << 10 };

struct doctor__literal {
	uint64_t hash;
	uint32_t subject; /* number + 1; 0 = empty */
};

struct doctor__subjects {
	struct doctor__subject **list; /* owned, each one too */
	uint32_t len, cap;
	uint64_t bytes_left; /* for subjects, the outcomes of requests on them, and queue groups */
	struct store_table by_text;
	struct doctor__literal *literals; /* owned; open addressing, at most half full */
	uint32_t literals_mask, literals_len, literals_max;
	uint64_t left_out;         /* messages on subjects that found no room */
	uint64_t names_left_out;   /* messages on names that found no room among the literals */
	uint64_t members_left_out; /* deliveries to queue groups or members that found no room */
	uint64_t hash;             /* of the name that was looked for last, unless it was an inbox */
};

/* ---- connections: connections.h ---- */

/* The most frequent of many, if it is more frequent than all others together (Boyer and Moore's vote). */
struct doctor__majority {
	uint32_t candidate;
	uint64_t votes;
};

struct doctor__sub {
	char *pattern; /* owned, pattern_len bytes; then the sid */
	uint32_t client;
	uint32_t pattern_len, sid_len;
	uint64_t seq;
	uint32_t origin;
	int64_t since_ns, until_ns; /* until_ns: INT64_MAX while it lives */
	bool is_fed;
};

/* By number of the client. */
struct doctor__connection {
	uint64_t published; /* chosen messages */
	int64_t since_ns;   /* connected; INT64_MIN = before the recording */
	int64_t closed_ns;  /* INT64_MAX while it lives */
	struct trace_evidence dropped[WIRE_OUTCOMES];
	int64_t dropped_from_ns, dropped_to_ns; /* the first and the last of them, time of day */
	struct doctor__majority dropped_subject, dropped_publisher;
	struct trace_evidence with_headers; /* messages with headers that it received */
	bool is_chosen;                     /* a chosen event names it; only set when there is a filter */
	uint32_t unfed;                     /* subscriptions that got no message yet */
	bool has_connected;                 /* its connect event was seen, repeated or not */
	uint32_t refused;                   /* messages that the server refused, and which are yet to come */
	uint32_t host; /* number + 1 of its host among the clocks; 0: not looked up, or no room */
	uint32_t inbox_subs,
	    inbox_subs_most; /* subscriptions to inboxes that live, and the most there were */
	struct trace_evidence inbox_evidence;
};

enum { DOCTOR__HOSTS_MAX = 32 };

/* By number of the service. */
struct doctor__service {
	uint64_t hosts[DOCTOR__HOSTS_MAX]; /* hashes */
	uint32_t hosts_len;
	struct trace_evidence connected;
	struct trace_evidence
	    short_lives;       /* disconnect events of connections that did not last and were replaced */
	int64_t short_left_ns; /* when the last one left; INT64_MIN = none is to be replaced */
	uint32_t short_origin;
	uint64_t short_seq;
	bool has_name;
	bool is_chosen; /* one of its connections is */
};

struct doctor__connections {
	struct trace_clients clients;
	struct doctor__connection *list; /* owned; by number of the client */
	uint32_t len, cap;
	struct doctor__service *services; /* owned; by number of the service */
	uint32_t services_len, services_cap;
	struct doctor__sub *subs; /* owned; without those to inboxes */
	uint32_t subs_len, subs_cap, subs_max;
	struct store_table by_sid;
	uint64_t subs_left_out;
	uint64_t left_out; /* messages and deliveries of connections that found no room */
};

/* ---- requests: requests.h ---- */

/* A request whose end is not known yet. */
struct doctor__pending {
	uint64_t seq;
	int64_t asked_ns;
	struct doctor__subject *subject; /* NULL: an empty place */
	uint64_t repeat_key;             /* of its entry among the repeats */
	uint32_t client, origin;
	uint32_t reply_origin; /* the input of its first reply, and of those that are counted */
	uint32_t responder;    /* client that answered first; TRACE_NO_CLIENT: unknown */
	uint32_t gaps;         /* in the recording when it was asked */
	bool is_answered, is_judged, is_unanswered, is_superseded, is_several;
};

/* The last request of this content. */
struct doctor__repeat {
	uint64_t key; /* 0: empty */
	int64_t asked_ns;
	uint64_t answer; /* hash of the reply; 0: none yet */
	bool is_open, has_failed;
};

/* A connection that answers a subject. */
struct doctor__responder {
	uint32_t subject, client;
	uint32_t service_responder; /* number among the service responders */
	uint64_t count;
	double log2_sum;
};

struct doctor__service_responder {
	uint32_t subject, service;
	struct doctor__latency_series series;
};

/* Messages to inboxes that answered no request so far: the clocks of two recordings may put a reply before its request. */
enum { DOCTOR__EARLY = 4096 };

struct doctor__early {
	uint64_t hash; /* of the subject; 0: empty */
	int64_t ns;
};

struct doctor__requests {
	struct doctor__early early[DOCTOR__EARLY]; /* the last one of each place */
	struct trace_requests pairs;
	struct doctor__pending *pending; /* owned; a ring of pairs.max */
	uint64_t next, unjudged;         /* numbers: of the next request, and of the oldest one not judged */
	struct doctor__repeat *repeats;  /* owned */
	uint32_t repeats_mask;
	struct doctor__responder *responders; /* owned */
	uint32_t responders_len, responders_cap, responders_max;
	struct doctor__service_responder *service_responders; /* owned */
	uint32_t service_responders_len, service_responders_cap;
	struct store_table by_responder, by_service;
	uint64_t reply_hash;         /* of the present request */
	uint64_t repeat_key;         /* of the present request; 0: it is not compared */
	uint64_t replies;            /* in all */
	uint64_t left_out;           /* requests on subjects that found no room for outcomes */
	uint64_t replies_left_out;   /* of responders that found no room */
	uint64_t latencies_left_out; /* that found no room in a histogram */
};

/* ---- contents: contents.h ---- */

struct doctor__content {
	uint64_t key; /* of subject and payload, or of a Nats-Msg-Id; 0: empty */
	uint64_t seq;
	int64_t ns;
	uint32_t payload; /* half of the hash of the payload */
	uint32_t origin;
};

/* A message that is compared a little later, when the place of its content has come into the cache. */
struct doctor__compared {
	struct doctor__content content;
	struct doctor__subject *subject; /* NULL: it is a Nats-Msg-Id */
};

enum { DOCTOR__COMPARED = 8 };

struct doctor__contents {
	struct doctor__content *list; /* owned; the last message of each content, older ones are replaced */
	uint32_t mask;
	struct doctor__compared waiting[DOCTOR__COMPARED]; /* key 0: none */
	uint32_t next;                                     /* of waiting */
	struct trace_evidence same_ids, reused_ids;
};

/* ---- clocks: clocks.h ---- */

/* The shortest one-way times that were seen. */
struct doctor__way {
	uint64_t count;
	int64_t least_ns, most_ns;
	struct trace_evidence evidence, negative;
};

/* A host as publisher and as receiver. */
struct doctor__host {
	uint64_t hash;
	char name[64]; /* NUL-terminated; cut when longer */
	struct doctor__way from, to;
};

enum { DOCTOR__CLOCK_HOSTS = 256, DOCTOR__ORIGINS = 16 };

struct doctor__clocks {
	struct doctor__host hosts[DOCTOR__CLOCK_HOSTS];
	uint32_t hosts_len;
	uint64_t left_out;                          /* one-way times of hosts that found no room */
	struct doctor__way stored;                  /* from the time of JetStream to that of the recording */
	struct doctor__way inputs[DOCTOR__ORIGINS]; /* from input 0 to each other one: of the same message */
};

/* ---- JetStream: jetstream.h ---- */

struct doctor__consumer {
	uint64_t hash;
	char name[96]; /* "stream > consumer", NUL-terminated; cut when longer */
	uint64_t deliveries, first_pending, last_pending, last_seq;
	uint32_t last_origin;
	struct trace_evidence redelivered;
};

enum { DOCTOR__CONSUMERS_MAX = 1024 };

struct doctor__jetstream {
	struct doctor__consumer *consumers; /* owned */
	uint32_t len, cap;
	struct store_table by_name;
	uint64_t left_out; /* deliveries of consumers that found no room */
};

/* ---- all of them ---- */

struct doctor__facts {
	unsigned needs;
	bool
	    is_filtered; /* some events are not chosen: findings about what no chosen event names are left out */
	struct wire_source *source; /* of the events; borrowed */
	struct doctor__timeline timeline;
	struct doctor__subjects subjects;
	struct doctor__connections connections;
	struct doctor__requests requests;
	struct doctor__contents contents;
	struct doctor__clocks clocks;
	struct doctor__jetstream jetstream;
	struct doctor__series series;     /* of all messages */
	struct doctor__burst burst;       /* likewise */
	uint64_t events, messages, bytes; /* chosen ones; events: without gaps and marks */
	uint64_t unknown_publishers, unknown_receivers;
	uint32_t gaps;    /* gap events */
	int64_t down_ns;  /* in which nothing was logged (store_uptime_is_down_in), of all inputs together */
	uint32_t origins; /* inputs that gave events: the largest number + 1 */
	int64_t first_time_ns, last_time_ns; /* of the day */

	/* Of the present event. */
	uint32_t origin;
	struct doctor__subject *subject; /* NULL: none, or it found no room */
	uint32_t client;                 /* who did it; TRACE_NO_CLIENT: unknown */
	uint64_t payload_hash;           /* of a message, when payloads are needed */
	bool is_refused; /* the server refused the message: its publisher may not publish it */
};

#endif
