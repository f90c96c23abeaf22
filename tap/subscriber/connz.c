#include "tap/subscriber/connz.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "net/http/get.h"

enum { POLL_NS = 1000000000, PAGE = 1024, PAGES_MAX = 1000, SILENT_POLLS_MAX = 30 };

struct server {
	struct net_http_getter *getter;
	bool is_away;
	bool is_known;         /* it has answered a poll */
	char id[80], name[80]; /* of the server that answered last; "" = none did, or it is gone */
	int silent_polls;      /* in a row */
};

struct tap__connz {
	struct tap__presence *presence;
	void (*report)(void *context, const char *line);
	void *context;
	struct server *servers;
	size_t servers_len;
	pthread_t thread;
	bool is_running;
	pthread_mutex_t lock;
	pthread_cond_t closing;
	bool is_closing;
};

/* ---- which server it is ---- */

/* Its name, or its id where it says none. */
static void ask_name(struct server *server)
{
	struct wire_slice body;
	struct wire_fault fault;
	if (net_http_get(server->getter, "/varz", &body, &fault) != 0)
		body = wire_slice("", 0);
	json_t *varz = json_loadb(body.data, body.len, 0, NULL);
	const char *name = json_string_value(json_object_get(varz, "server_name"));
	snprintf(server->name, sizeof server->name, "%s", name ? name : server->id);
	json_decref(varz);
}

static void note_gone(struct tap__connz *connz, struct server *server)
{
	char reason[120];
	snprintf(reason, sizeof reason, "server %s is gone", server->name);
	if (server->id[0])
		tap__presence_server_gone(connz->presence, server->id, reason);
	server->id[0] = '\0';
}

/* A server answers. True when it is another one than before. */
static bool note_answer(struct tap__connz *connz, struct server *server, const char *id)
{
	server->silent_polls = 0;
	if (strncmp(id, server->id, sizeof server->id - 1) == 0)
		return false;
	note_gone(connz, server);
	snprintf(server->id, sizeof server->id, "%s", id);
	return true;
}

/* A poll has failed. */
static void note_silence(struct tap__connz *connz, struct server *server, int error)
{
	if (error == -ECONNREFUSED || ++server->silent_polls >= SILENT_POLLS_MAX)
		note_gone(connz, server);
}

/* ---- one poll ---- */

/* A closed connection has a reason. */
static void take_connection(struct tap__connz *connz, const struct server *server, const char *id,
			    const json_t *connection)
{
	const char *reason = json_string_value(json_object_get(connection, "reason"));
	if (reason && !server->is_known)
		tap__presence_ended_before(connz->presence, id, connection);
	else if (reason)
		tap__presence_disconnected(connz->presence, id, connection, reason);
	else
		tap__presence_connected(connz->presence, id, connection);
}

/* One page of connections. How many it has, or a negative code with *fault. */
static int64_t take_page(struct tap__connz *connz, struct server *server, const char *path,
			 struct wire_fault *fault)
{
	struct wire_slice body;
	size_t i;
	json_t *connection;
	int error = net_http_get(server->getter, path, &body, fault);
	if (error)
		return error;
	json_t *page = json_loadb(body.data, body.len, 0, NULL);
	const char *id = json_string_value(json_object_get(page, "server_id"));
	json_t *list = json_object_get(page, "connections");
	if (!id || !json_is_array(list)) {
		json_decref(page);
		return wire_fault_set(fault, -EPROTO, "%s: the answer is not that of a monitoring port",
				      path);
	}
	bool is_new = note_answer(connz, server, id);
	json_array_foreach(list, i, connection) take_connection(connz, server, id, connection);
	int64_t count = (int64_t)json_array_size(list);
	json_decref(page);
	if (is_new)
		ask_name(server);
	return count;
}

static int64_t take_pages(struct tap__connz *connz, struct server *server, const char *state,
			  const char *sort, struct wire_fault *fault)
{
	char path[160];
	int64_t count = PAGE;
	for (int page = 0; page < PAGES_MAX && count == PAGE; page++) {
		snprintf(path, sizeof path, "/connz?auth=1&state=%s&sort=%s&limit=%d&offset=%d", state, sort,
			 PAGE, page * PAGE);
		count = take_page(connz, server, path, fault);
	}
	return count;
}

static void report_change(struct tap__connz *connz, struct server *server, bool is_away,
			  const struct wire_fault *fault)
{
	char line[600];
	if (is_away == server->is_away)
		return;
	server->is_away = is_away;
	snprintf(line, sizeof line, "%s%s",
		 is_away ? "connections are unknown: " : "the monitoring answers again",
		 is_away ? fault->text : "");
	if (connz->report)
		connz->report(connz->context, line);
}

/* Closed ones first: a connection that is both is open no more. */
static void poll_server(struct tap__connz *connz, struct server *server)
{
	struct wire_fault fault = {0};
	int64_t status = take_pages(connz, server, "closed", "stop", &fault);
	if (status >= 0)
		status = take_pages(connz, server, "open", "cid", &fault);
	server->is_known = server->is_known || status >= 0;
	if (status < 0)
		note_silence(connz, server, (int)status);
	report_change(connz, server, status < 0, &fault);
}

/* ---- the thread ---- */

static bool wait_for_next(struct tap__connz *connz)
{
	struct timespec until;
	int status = 0;
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += POLL_NS / 1000000000;
	pthread_mutex_lock(&connz->lock);
	while (!connz->is_closing && status == 0)
		status = pthread_cond_timedwait(&connz->closing, &connz->lock, &until);
	bool is_closing = connz->is_closing;
	pthread_mutex_unlock(&connz->lock);
	return !is_closing;
}

static void *poll_servers(void *context)
{
	struct tap__connz *connz = context;
	do
		for (size_t i = 0; i < connz->servers_len; i++)
			poll_server(connz, &connz->servers[i]);
	while (wait_for_next(connz));
	return NULL;
}

/* ---- opening and closing ---- */

static int add_servers(struct tap__connz *connz, const char *const *urls, struct wire_fault *fault)
{
	size_t count = 0;
	while (urls[count])
		count++;
	connz->servers = calloc(count + 1, sizeof *connz->servers);
	if (!connz->servers)
		return wire_fault_set(fault, -ENOMEM, "out of memory");
	int error = 0;
	for (; connz->servers_len < count && !error; connz->servers_len += error == 0)
		error = net_http_getter_open(&connz->servers[connz->servers_len].getter,
					     urls[connz->servers_len], fault);
	return error;
}

int tap__connz_open(struct tap__connz **connz, const char *const *urls, struct tap__presence *presence,
		    void (*report)(void *context, const char *line), void *context, struct wire_fault *fault)
{
	pthread_condattr_t monotonic;
	struct tap__connz *opened = calloc(1, sizeof *opened);
	if (!opened)
		return wire_fault_set(fault, -ENOMEM, "out of memory");
	opened->presence = presence;
	opened->report = report;
	opened->context = context;
	pthread_mutex_init(&opened->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&opened->closing, &monotonic);
	pthread_condattr_destroy(&monotonic);
	int error = add_servers(opened, urls, fault);
	if (!error) {
		error = -pthread_create(&opened->thread, NULL, poll_servers, opened);
		opened->is_running = error == 0;
		if (error)
			wire_fault_set(fault, error, "cannot start a thread: %s", wire_error_text(error));
	}
	if (error)
		tap__connz_close(opened);
	else
		*connz = opened;
	return error;
}

void tap__connz_close(struct tap__connz *connz)
{
	if (!connz)
		return;
	pthread_mutex_lock(&connz->lock);
	connz->is_closing = true;
	pthread_cond_signal(&connz->closing);
	pthread_mutex_unlock(&connz->lock);
	if (connz->is_running)
		pthread_join(connz->thread, NULL);
	for (size_t i = 0; i < connz->servers_len; i++)
		net_http_getter_close(connz->servers[i].getter);
	free(connz->servers);
	pthread_cond_destroy(&connz->closing);
	pthread_mutex_destroy(&connz->lock);
	free(connz);
}
