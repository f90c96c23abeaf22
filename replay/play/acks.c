#include "replay/play/acks.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

enum { BASE_BYTES = 200, TOKEN_BYTES = 32 };

struct slot {
	uint64_t seq;    /* in the log */
	int64_t sent_ns; /* monotonic */
	bool is_answered, is_stored;
};

struct replay_acks {
	struct replay_acks_options options;
	struct net_client_subscription *subscription;
	char token[TOKEN_BYTES];     /* at random, of the reply subjects */
	char base[BASE_BYTES];       /* of the reply subjects: the client's inbox prefix and the token */
	char reply[BASE_BYTES + 32]; /* the last one */

	pthread_mutex_t lock; /* guards what follows */
	pthread_cond_t answered;
	struct slot slots[REPLAY_ACKS_WINDOW_MAX]; /* a ring, by number */
	uint64_t first, next;                      /* numbers: the oldest without an answer; the next one */
	bool has_failed;                           /* a message was answered, but not stored */
	struct replay_acks_report report;
};

/* ---- opening and closing ---- */

int replay_acks_open(struct replay_acks **acks, const struct replay_acks_options *options,
		     struct wire_fault *fault)
{
	uint64_t random[2];
	pthread_condattr_t monotonic;
	struct replay_acks *opened = calloc(1, sizeof *opened);
	if (!opened)
		return wire_fault_set(fault, -ENOMEM, "out of memory");
	if (getrandom(random, sizeof random, 0) != sizeof random) {
		free(opened);
		return wire_fault_set(fault, -EIO, "no random numbers");
	}
	opened->options = *options;
	snprintf(opened->token, sizeof opened->token, "%016" PRIx64 "%08" PRIx32, random[0],
		 (uint32_t)random[1]);
	pthread_mutex_init(&opened->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&opened->answered, &monotonic);
	pthread_condattr_destroy(&monotonic);
	*acks = opened;
	return 0;
}

void replay_acks_close(struct replay_acks *acks)
{
	if (!acks)
		return;
	pthread_cond_destroy(&acks->answered);
	pthread_mutex_destroy(&acks->lock);
	free(acks);
}

/* ---- answers: libnats' thread ---- */

static void note_refusal(struct replay_acks_report *report, const json_t *error)
{
	const char *text = json_string_value(json_object_get(error, "description"));
	report->refused++;
	if (!report->first_refusal[0])
		snprintf(report->first_refusal, sizeof report->first_refusal, "%s", text ? text : "unknown");
}

/* {"stream":"ORDERS","seq":12,"duplicate":true}, {"error":{"code":400,"description":"…"}}, or, without a stream, a status.
 * True when the stream has the message. */
static bool count_answer(struct replay_acks_report *report, const struct net_client_delivery *answer)
{
	const char *status = net_client_delivery_status(answer);
	if (status && strncmp(status, "503", 3) == 0) {
		report->without_stream++;
		return false;
	}
	json_t *json = json_loadb(answer->payload.data, answer->payload.len, 0, NULL);
	const json_t *error = json_object_get(json, "error");
	bool is_stored = !error && json_object_get(json, "seq");
	if (!is_stored)
		note_refusal(report, error);
	else if (json_is_true(json_object_get(json, "duplicate")))
		report->duplicates++;
	else
		report->stored++;
	json_decref(json);
	return is_stored;
}

/* Move on past the messages that were answered without a break. A run that is resumed sends again from the first one that was
 * not stored. */
static void advance(struct replay_acks *acks)
{
	const struct slot *slot;
	while (acks->first < acks->next &&
	       (slot = &acks->slots[acks->first % REPLAY_ACKS_WINDOW_MAX])->is_answered) {
		acks->first++;
		acks->has_failed = acks->has_failed || !slot->is_stored;
		if (!acks->has_failed)
			acks->report.done_seq = slot->seq;
	}
	pthread_cond_signal(&acks->answered);
}

static bool on_answer(void *context, const struct net_client_delivery *answer)
{
	struct replay_acks *acks = context;
	const char *dot = strrchr(answer->subject, '.');
	uint64_t number = dot ? strtoull(dot + 1, NULL, 10) : UINT64_MAX;
	pthread_mutex_lock(&acks->lock);
	struct slot *slot = &acks->slots[number % REPLAY_ACKS_WINDOW_MAX];
	if (number >= acks->first && number < acks->next && !slot->is_answered) {
		slot->is_answered = true;
		slot->is_stored = count_answer(&acks->report, answer);
		advance(acks);
	}
	pthread_mutex_unlock(&acks->lock);
	return false;
}

int replay_acks_subscribe(struct replay_acks *acks, struct net_client *client, struct wire_fault *fault)
{
	char subject[BASE_BYTES + 4];
	const char *prefix = net_client_inbox_prefix(client);
	int len = snprintf(acks->base, sizeof acks->base, "%s.%s", prefix, acks->token);
	if (len >= (int)sizeof acks->base)
		return wire_fault_set(fault, -EINVAL, "the inbox prefix \"%s\" is too long", prefix);
	snprintf(subject, sizeof subject, "%s.*", acks->base);
	return net_client_subscribe(&acks->subscription, client, subject, NULL, on_answer, acks, fault);
}

void replay_acks_unsubscribe(struct replay_acks *acks)
{
	if (acks->subscription)
		net_client_unsubscribe(&acks->subscription, 1);
	acks->subscription = NULL;
}

/* ---- messages: the player's thread ---- */

const char *replay_acks_add(struct replay_acks *acks, uint64_t seq, int64_t now_ns)
{
	pthread_mutex_lock(&acks->lock);
	uint64_t number = acks->next++;
	acks->slots[number % REPLAY_ACKS_WINDOW_MAX] = (struct slot){.seq = seq, .sent_ns = now_ns};
	pthread_mutex_unlock(&acks->lock);
	snprintf(acks->reply, sizeof acks->reply, "%s.%" PRIu64, acks->base, number);
	return acks->reply;
}

void replay_acks_remove_last(struct replay_acks *acks)
{
	pthread_mutex_lock(&acks->lock);
	acks->next--;
	pthread_mutex_unlock(&acks->lock);
}

bool replay_acks_are_full(struct replay_acks *acks)
{
	pthread_mutex_lock(&acks->lock);
	bool are_full = acks->next - acks->first >= acks->options.window;
	pthread_mutex_unlock(&acks->lock);
	return are_full;
}

bool replay_acks_wait(struct replay_acks *acks, uint64_t most, int timeout_ms)
{
	struct timespec until;
	int status = 0;
	clock_gettime(CLOCK_MONOTONIC, &until);
	int64_t ns = until.tv_nsec + timeout_ms * 1000000LL;
	until.tv_sec += ns / 1000000000;
	until.tv_nsec = ns % 1000000000;
	pthread_mutex_lock(&acks->lock);
	while (acks->next - acks->first > most && status == 0)
		status = pthread_cond_timedwait(&acks->answered, &acks->lock, &until);
	bool is_reached = acks->next - acks->first <= most;
	pthread_mutex_unlock(&acks->lock);
	return is_reached;
}

bool replay_acks_have_expired(struct replay_acks *acks, int64_t now_ns)
{
	pthread_mutex_lock(&acks->lock);
	const struct slot *oldest = &acks->slots[acks->first % REPLAY_ACKS_WINDOW_MAX];
	bool have_expired = acks->first < acks->next && now_ns - oldest->sent_ns > acks->options.timeout_ns;
	pthread_mutex_unlock(&acks->lock);
	return have_expired;
}

void replay_acks_get_report(struct replay_acks *acks, struct replay_acks_report *report)
{
	pthread_mutex_lock(&acks->lock);
	*report = acks->report;
	report->pending = acks->next - acks->first;
	pthread_mutex_unlock(&acks->lock);
}
