/* broker.h - the broker that a test is about: ours, or the real nats-server to check the test itself.
 *
 * The environment selects it: TAPEDECK_TEST_BROKER is the path of tapedeck, or nats-server. Missing: the test cannot
 * run. TAPEDECK_TEST_PROXY: the path of tapedeck, whose proxy clients then go through. */
#ifndef SUPPORT_BROKER_H
#define SUPPORT_BROKER_H

#include "support/server.h"
#include "support/tempdir.h"

struct support_broker {
	struct support_tempdir dir;
	struct support_server server;
	struct support_server_plan plan; /* for a restart; args and env are borrowed from the caller */
	char log[300];                   /* where it records; "" when it does not */
	const char *args[48];
	int port; /* of the server itself; server.port is where clients connect */
	struct support_tempdir proxy_dir;
	struct support_server proxy; /* in front of the server, when the environment wants one */
};

/* Prepare a plan without starting: for changes before support_broker_restart. Otherwise as support_broker_open. */
void support_broker_plan(struct support_broker *broker, const char *const *flags, bool records);

/* Start it with monitoring and these flags (end with NULL; NULL = none), recording into a fresh log when it is
 * ours and `records`. Ends the test program when it does not start. */
void support_broker_open(struct support_broker *broker, const char *const *flags, bool records);

/* Start it again after its end, on the port it had. The log is continued. */
void support_broker_restart(struct support_broker *broker);

/* Stop it and remove its folder. */
void support_broker_close(struct support_broker *broker);

/* The broker is the real nats-server. */
bool support_broker_is_real(void);

/* The path of tapedeck. Ends the test program when the broker is not ours. */
const char *support_tapedeck(void);

/* A number of varz, for instance "in_msgs"; ends the test program when there is none. */
int64_t support_broker_varz(const struct support_broker *broker, const char *key);

#endif
