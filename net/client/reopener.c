#include "net/client/reopener.h"

#include <time.h>

enum { WAIT_NS = 100 * 1000 * 1000 };

static struct timespec after_wait(void)
{
	struct timespec at;
	clock_gettime(CLOCK_MONOTONIC, &at);
	at.tv_nsec += WAIT_NS;
	at.tv_sec += at.tv_nsec / 1000000000;
	at.tv_nsec %= 1000000000;
	return at;
}

/* Wait until a client is lost, and then 100 ms. False when the reopener closes. */
static bool wait_for_turn(struct net__reopener *reopener)
{
	pthread_mutex_lock(&reopener->lock);
	while (!reopener->is_closing && !reopener->first)
		pthread_cond_wait(&reopener->changed, &reopener->lock);
	const struct timespec at = after_wait();
	int status = 0;
	while (!reopener->is_closing && status == 0)
		status = pthread_cond_timedwait(&reopener->changed, &reopener->lock, &at);
	bool is_closing = reopener->is_closing;
	pthread_mutex_unlock(&reopener->lock);
	return !is_closing;
}

/* NULL when there is none, or when the reopener closes. */
static struct net__reopening *take_first(struct net__reopener *reopener)
{
	pthread_mutex_lock(&reopener->lock);
	struct net__reopening *first = reopener->is_closing ? NULL : reopener->first;
	if (first)
		reopener->first = first->next;
	pthread_mutex_unlock(&reopener->lock);
	return first;
}

/* Up to the first failure: most often the others would wait for the same server. */
static void reopen_all(struct net__reopener *reopener)
{
	for (struct net__reopening *lost; (lost = take_first(reopener)) != NULL;) {
		if (lost->reopen(lost->context))
			continue;
		net__reopener_add(reopener, lost);
		return;
	}
}

static void *run(void *context)
{
	struct net__reopener *reopener = context;
	while (wait_for_turn(reopener))
		reopen_all(reopener);
	return NULL;
}

/* With the lock held. */
static void append(struct net__reopener *reopener, struct net__reopening *lost)
{
	if (reopener->first)
		reopener->last->next = lost;
	else
		reopener->first = lost;
	reopener->last = lost;
}

void net__reopener_add(struct net__reopener *reopener, struct net__reopening *lost)
{
	lost->next = NULL;
	pthread_mutex_lock(&reopener->lock);
	if (!reopener->is_closing)
		append(reopener, lost);
	pthread_cond_signal(&reopener->changed);
	pthread_mutex_unlock(&reopener->lock);
}

int net__reopener_start(struct net__reopener *reopener)
{
	pthread_condattr_t monotonic;
	pthread_mutex_init(&reopener->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&reopener->changed, &monotonic);
	pthread_condattr_destroy(&monotonic);
	int error = pthread_create(&reopener->thread, NULL, run, reopener);
	reopener->is_running = error == 0;
	return -error;
}

void net__reopener_stop(struct net__reopener *reopener)
{
	if (!reopener->is_running)
		return;
	pthread_mutex_lock(&reopener->lock);
	reopener->is_closing = true;
	pthread_cond_signal(&reopener->changed);
	pthread_mutex_unlock(&reopener->lock);
	pthread_join(reopener->thread, NULL);
	reopener->is_running = false;
}

void net__reopener_fini(struct net__reopener *reopener)
{
	pthread_cond_destroy(&reopener->changed);
	pthread_mutex_destroy(&reopener->lock);
}
