/* pulse.h - when a watched client last heard from its server, by a PING every 100 ms in a thread of its own. Internal to net.
 *
 * libnats' own thread reads for a watched client, and does not say when. */
#ifndef NET_CLIENT_PULSE_H
#define NET_CLIENT_PULSE_H

#include <nats/nats.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct net__client_pulse {
	natsConnection *nats; /* borrowed */
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t closing;
	bool is_running, is_closing;
	int64_t
	    heard_ns; /* when a message or an answer came; atomic; monotonic clock, as all times here; 0: never */
	/* When the last answer came, over which connection, and the last one over an earlier connection. */
	int64_t answered_ns, answered_before_ns;
	uint64_t reconnects;
};

/* The pulse is zeroed. Before libnats may call net__client_pulse_before_loss(), and after it did for the last time. */
void net__client_pulse_init(struct net__client_pulse *pulse);
void net__client_pulse_fini(struct net__client_pulse *pulse);

/* 0 or a negative errno. */
int net__client_pulse_start(struct net__client_pulse *pulse, natsConnection *nats);
/* Before the connection is destroyed; also when it was not started. */
void net__client_pulse_stop(struct net__client_pulse *pulse);

/* A message has come. Returns the time. From any thread; hot. */
int64_t net__client_pulse_note(struct net__client_pulse *pulse);

/* When bytes last came over the connection that was lost as the number-th one, though a new one may be up meanwhile: then at most a
 * moment too early. */
int64_t net__client_pulse_before_loss(struct net__client_pulse *pulse, natsConnection *nats, uint64_t number);

#endif
