#include "net/client/pulse.h"

#include <time.h>

enum {
	PERIOD_NS = 100 * 1000 * 1000,
	ANSWER_MS = 1000 /* at most between a stop and the end of the thread */
};

static int64_t now_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static uint64_t count_reconnects(natsConnection *nats)
{
	natsStatistics *statistics = NULL;
	uint64_t reconnects = 0;
	if (natsStatistics_Create(&statistics) != NATS_OK)
		return 0;
	if (natsConnection_GetStats(nats, statistics) == NATS_OK)
		(void)natsStatistics_GetCounts(statistics, NULL, NULL, NULL, NULL, &reconnects);
	natsStatistics_Destroy(statistics);
	return reconnects;
}

int64_t net__client_pulse_note(struct net__client_pulse *pulse)
{
	int64_t now = now_ns();
	__atomic_store_n(&pulse->heard_ns, now, __ATOMIC_RELAXED);
	return now;
}

static void note_answer(struct net__client_pulse *pulse, uint64_t reconnects)
{
	pthread_mutex_lock(&pulse->lock);
	if (reconnects != pulse->reconnects)
		pulse->answered_before_ns = pulse->answered_ns;
	pulse->reconnects = reconnects;
	pulse->answered_ns = net__client_pulse_note(pulse);
	pthread_mutex_unlock(&pulse->lock);
}

int64_t net__client_pulse_before_loss(struct net__client_pulse *pulse, natsConnection *nats, uint64_t number)
{
	int64_t heard_ns = __atomic_load_n(&pulse->heard_ns, __ATOMIC_RELAXED);
	if (count_reconnects(nats) < number)
		return heard_ns;
	pthread_mutex_lock(&pulse->lock);
	int64_t ns = pulse->reconnects >= number ? pulse->answered_before_ns : pulse->answered_ns;
	pthread_mutex_unlock(&pulse->lock);
	return ns;
}

/* ---- the thread ---- */

/* False when the pulse is to stop. */
static bool wait_for_next(struct net__client_pulse *pulse)
{
	struct timespec until;
	int status = 0;
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += PERIOD_NS;
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	pthread_mutex_lock(&pulse->lock);
	while (!pulse->is_closing && status == 0)
		status = pthread_cond_timedwait(&pulse->closing, &pulse->lock, &until);
	bool is_closing = pulse->is_closing;
	pthread_mutex_unlock(&pulse->lock);
	return !is_closing;
}

static void *beat(void *context)
{
	struct net__client_pulse *pulse = context;
	do {
		uint64_t reconnects = count_reconnects(pulse->nats);
		if (natsConnection_FlushTimeout(pulse->nats, ANSWER_MS) == NATS_OK &&
		    count_reconnects(pulse->nats) == reconnects)
			note_answer(pulse, reconnects);
	} while (wait_for_next(pulse));
	return NULL;
}

void net__client_pulse_init(struct net__client_pulse *pulse)
{
	pthread_condattr_t monotonic;
	net__client_pulse_note(pulse);
	pthread_mutex_init(&pulse->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&pulse->closing, &monotonic);
	pthread_condattr_destroy(&monotonic);
}

void net__client_pulse_fini(struct net__client_pulse *pulse)
{
	pthread_cond_destroy(&pulse->closing);
	pthread_mutex_destroy(&pulse->lock);
}

int net__client_pulse_start(struct net__client_pulse *pulse, natsConnection *nats)
{
	pulse->nats = nats;
	note_answer(pulse, 0); /* to CONNECT */
	int error = pthread_create(&pulse->thread, NULL, beat, pulse);
	pulse->is_running = error == 0;
	return -error;
}

void net__client_pulse_stop(struct net__client_pulse *pulse)
{
	if (!pulse->is_running)
		return;
	pthread_mutex_lock(&pulse->lock);
	pulse->is_closing = true;
	pthread_cond_signal(&pulse->closing);
	pthread_mutex_unlock(&pulse->lock);
	pthread_join(pulse->thread, NULL);
	pulse->is_running = false;
}
