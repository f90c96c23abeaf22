/* broker.h - a server for core NATS clients.
 *
 * A drop-in for nats-server without clusters and JetStream. It knows nothing of logs: everything that happens
 * is an event (wire/event.h) for the sink it was opened with. A broker is a set of event loops; a
 * connection belongs to one loop for life. One loop serves today, in the thread that calls broker_run. */
#ifndef BROKER_BROKER_H
#define BROKER_BROKER_H

#include "broker/config/options.h"
#include "wire/error.h"
#include "wire/event.h"

#define BROKER_VERSION "2.9.10" /* sent to clients, which derive features from it */

struct broker;
struct broker_log;

/* Bind and listen (client port, monitoring port), write pid and ports files. Takes the options, also on failure:
 * *options is empty afterwards. Borrows the log (NULL: nothing is logged) and the sink (NULL: nobody watches) until
 * broker_close. 0, or a negative code with *fault naming address and remedy. */
int broker_open(struct broker **broker, struct broker_options *options, struct broker_log *log,
		struct wire_sink *sink, struct wire_fault *fault);

/* Serve until stopped: SIGINT, SIGTERM (at once), SIGUSR2 (lame duck), or broker_stop. SIGHUP reloads the
 * configuration, SIGUSR1 reopens the log file. 0, or a negative code. */
int broker_run(struct broker *broker);

/* Make broker_run return. May be called from any thread. */
void broker_stop(struct broker *broker);

/* The sink has room again after its `ready` said no. May be called from any thread. */
void broker_wake(struct broker *broker);

/* Disconnect all clients, remove the ports file, free. The pid file stays, as with nats-server. broker_run must
 * have returned. */
void broker_close(struct broker *broker);

/* The ports that were bound, 0 when not listening. */
int broker_port(const struct broker *broker);
int broker_http_port(const struct broker *broker);

#endif
