#include "support/broker.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/fail.h"
#include "support/socket.h"

enum { HTTP_MS = 20000 };

static const char *program(void)
{
	const char *path = getenv("TAPEDECK_TEST_BROKER");
	if (!path || !*path)
		support_fail("TAPEDECK_TEST_BROKER does not name a broker: run this test with ctest");
	return path;
}

bool support_broker_is_real(void)
{
	const char *path = program(), *slash = strrchr(path, '/');
	return strcmp(slash ? slash + 1 : path, "nats-server") == 0;
}

const char *support_tapedeck(void)
{
	if (support_broker_is_real())
		support_fail("this test is about tapedeck alone");
	return program();
}

void support_broker_plan(struct support_broker *broker, const char *const *flags, bool records)
{
	enum { FLAGS_MAX = sizeof(broker->args) / sizeof(broker->args[0]) - 3 };
	size_t count = 0;
	*broker = (struct support_broker){0};
	support_tempdir_open(&broker->dir);
	for (; flags && flags[count] && count < FLAGS_MAX; count++)
		broker->args[count] = flags[count];
	if (records && !support_broker_is_real()) {
		support_tempdir_path(&broker->dir, "log", broker->log, sizeof(broker->log));
		broker->args[count++] = "--record";
		broker->args[count++] = broker->log;
	}
	broker->plan = (struct support_server_plan){.program = program(),
						    .command = support_broker_is_real() ? NULL : "broker",
						    .args = broker->args,
						    .dir = broker->dir.path,
						    .monitoring = true};
}

void support_broker_open(struct support_broker *broker, const char *const *flags, bool records)
{
	support_broker_plan(broker, flags, records);
	support_broker_restart(broker);
}

static const char *proxy_program(void)
{
	const char *path = getenv("TAPEDECK_TEST_PROXY");
	return path && *path ? path : NULL;
}

static void open_proxy(struct support_broker *broker)
{
	char upstream[64], log[300];
	support_tempdir_open(&broker->proxy_dir);
	snprintf(upstream, sizeof(upstream), "127.0.0.1:%d", broker->port);
	support_tempdir_path(&broker->proxy_dir, "log", log, sizeof(log));
	const char *const args[] = {"--upstream", upstream, "--record", log, NULL};
	const struct support_server_plan plan = {.program = proxy_program(),
						 .command = "proxy",
						 .args = args,
						 .dir = broker->proxy_dir.path,
						 .is_proxy = true};
	if (support_server_open(&broker->proxy, &plan) < 0)
		support_fail("the proxy does not start");
}

void support_broker_restart(struct support_broker *broker)
{
	broker->plan.port = broker->port;
	if (support_server_open(&broker->server, &broker->plan) < 0)
		support_fail("the broker does not start");
	broker->port = broker->server.port;
	if (!proxy_program())
		return;
	if (broker->proxy.pid == 0)
		open_proxy(broker);
	broker->server.port = broker->proxy.port;
}

static void close_proxy(struct support_broker *broker)
{
	if (!proxy_program())
		return;
	if (support_server_close(&broker->proxy) != 0)
		support_fail("the proxy ended with status %d", support_server_exit_status(&broker->proxy));
	support_tempdir_close(&broker->proxy_dir);
}

void support_broker_close(struct support_broker *broker)
{
	close_proxy(broker);
	support_server_close(&broker->server);
	support_tempdir_close(&broker->dir);
}

int64_t support_broker_varz(const struct support_broker *broker, const char *key)
{
	char *body;
	int status = support_http_get(broker->server.http_port, "/varz", &body, support_deadline_in(HTTP_MS));
	json_t *varz = body ? json_loads(body, 0, NULL) : NULL;
	const json_t *value = json_object_get(varz, key);
	if (status != 200 || !json_is_integer(value))
		support_fail("/varz has no number %s (status %d)", key, status);
	int64_t number = json_integer_value(value);
	json_decref(varz);
	free(body);
	return number;
}
