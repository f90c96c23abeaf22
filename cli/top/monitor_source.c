#include "cli/top/monitor_source.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "cli/output/times.h"
#include "cli/top/deadline.h"
#include "cli/top/monitor_tables.h"
#include "net/http/get.h"
#include "wire/redact.h"

/* Two looks make the first rates: the second one comes soon. */
enum { SECOND_LOOK_MS = 1000, NAP_MS = 50, URL_BYTES = 1000, CLOSED_MAX = 256 };

struct monitor_source {
	struct cli_top_source source;
	struct net_http_getter *getter;
	char url[URL_BYTES]; /* without credentials */
	struct cli_top_monitor monitor;
	struct wire_fault outage; /* why the last look failed; code 0: it did not */
	int64_t second_look_ns;
	/* The open list. */
	enum cli_top_monitor_view list_view;
	char list_name[300];
	size_t list_name_len, list_columns;
	uint64_t list_id, list_look;
};

/* ---- looking ---- */

static json_t *get_page(struct monitor_source *server, const char *path, struct wire_fault *fault)
{
	struct wire_slice body;
	if (net_http_get(server->getter, path, &body, fault) != 0)
		return NULL;
	json_t *page = json_loadb(body.data, body.len, 0, NULL);
	if (!json_is_object(page)) {
		wire_fault_set(fault, -EPROTO, "%s%s: the answer is not that of a monitoring port",
			       server->url, path);
		json_decref(page);
		return NULL;
	}
	return page;
}

/* Ask for all pages. 0, or a negative code with *fault. */
static int look(struct monitor_source *server, struct wire_fault *fault)
{
	char connz[100], closed[100];
	struct wire_fault ignored;
	snprintf(connz, sizeof(connz), "/connz?subs=detail&limit=%d", CLI_TOP_MONITOR_CONNECTIONS_MAX);
	snprintf(closed, sizeof(closed), "/connz?state=closed&sort=stop&limit=%d", CLOSED_MAX);
	json_t *server_page = get_page(server, "/varz", fault);
	json_t *connections = server_page ? get_page(server, connz, fault) : NULL;
	if (!connections) {
		json_decref(server_page);
		return fault->code;
	}
	cli_top_monitor_add(&server->monitor, server_page, connections, get_page(server, closed, &ignored),
			    cli_now_ns());
	return 0;
}

static void nap(void)
{
	const struct timespec time = {.tv_nsec = NAP_MS * 1000000};
	nanosleep(&time, NULL);
}

static int poll_server(struct cli_top_source *source, struct wire_fault *fault)
{
	struct monitor_source *server = (struct monitor_source *)source;
	(void)fault;
	if (server->monitor.looks == 1 && !cli_top_deadline_has_passed(server->second_look_ns)) {
		nap();
		return 1;
	}
	server->outage = (struct wire_fault){0};
	if (look(server, &server->outage) == 0)
		return 0;
	server->monitor.window.now_ns = cli_now_ns();
	return 0;
}

static bool has_ended(const struct cli_top_source *source)
{
	(void)source;
	return false;
}

/* ---- the head ---- */

static void write_state(const struct monitor_source *server, struct cli_top_head *head)
{
	struct wire_slice version = cli_top_json_text(server->monitor.varz, "version"),
			  name = cli_top_json_text(server->monitor.varz, "server_name"),
			  uptime = cli_top_json_text(server->monitor.varz, "uptime");
	if (server->outage.code != 0) {
		cli_top_join(head->state, "no answer: ", server->outage.text);
		head->state_color = CLI_ALARM;
		return;
	}
	snprintf(head->state, sizeof(head->state), "%.*s %.*s, up %.*s", (int)(name.len < 24 ? name.len : 24),
		 name.len ? name.data : "", (int)version.len, version.len ? version.data : "",
		 (int)uptime.len, uptime.len ? uptime.data : "");
	head->state_color = CLI_GREEN;
}

static void fill_head(struct cli_top_source *source, struct cli_top_head *head)
{
	struct monitor_source *server = (struct monitor_source *)source;
	struct cli_top_monitor *monitor = &server->monitor;
	const json_t *varz = monitor->varz;
	cli_top_join(head->title, server->url, "");
	write_state(server, head);
	head->now_ns = monitor->window.now_ns;
	if (monitor->looks >= 2) {
		cli_top_head_rate(head, "in/s", cli_top_meter_rate(monitor, &monitor->sent));
		cli_top_head_rate(head, "out/s", cli_top_meter_rate(monitor, &monitor->got));
		cli_top_head_bytes_rate(head, cli_top_meter_rate(monitor, &monitor->got_bytes));
	}
	cli_top_head_count(head, "conns", cli_top_json_count(varz, "connections"), CLI_PLAIN);
	cli_top_head_count(head, "subs", cli_top_json_count(varz, "subscriptions"), CLI_PLAIN);
	cli_top_head_count(head, "slow", cli_top_json_count(varz, "slow_consumers"), CLI_RED);
	cli_top_head_bytes(head, "mem", (double)cli_top_json_count(varz, "mem"));
	cli_top_head_count(head, "cpu%", cli_top_json_count(varz, "cpu"), CLI_PLAIN);
	cli_top_counter_history(&monitor->sent.counter, &monitor->window, head->history);
	head->history_len = CLI_TOP_SLOTS;
}

static void fill_rows(struct cli_top_source *source, size_t view, struct cli_top_table *table)
{
	struct monitor_source *server = (struct monitor_source *)source;
	cli_top_monitor_rows(&server->monitor, (enum cli_top_monitor_view)view, table);
}

/* ---- the list behind a row ---- */

static int open_list(struct cli_top_source *source, const struct cli_top_table *table,
		     const struct cli_top_row *row, size_t columns, char *title, struct wire_fault *fault)
{
	struct monitor_source *server = (struct monitor_source *)source;
	struct wire_slice name = cli_top_cell_text(table, row, 0);
	size_t view = 0;
	(void)fault;
	while (cli_top_monitor_views[view] != table->view)
		view++;
	server->list_view = (enum cli_top_monitor_view)view;
	server->list_id = row->id;
	server->list_columns = columns;
	server->list_look = 0;
	server->list_name_len = name.len < sizeof(server->list_name) ? name.len : sizeof(server->list_name);
	if (name.len > 0)
		memcpy(server->list_name, name.data, server->list_name_len);
	snprintf(title, CLI_TOP_TITLE_BYTES, "subscriptions %s %.*s",
		 view == CLI_TOP_MONITOR_SUBSCRIPTIONS ? "to" : "of", (int)server->list_name_len,
		 server->list_name);
	return 0;
}

/* The lines of the last look take the place of those before. */
static int poll_list(struct cli_top_source *source, struct cli_top_lines *lines, struct wire_fault *fault)
{
	struct monitor_source *server = (struct monitor_source *)source;
	(void)fault;
	if (server->list_look == server->monitor.looks)
		return 0;
	server->list_look = server->monitor.looks;
	cli_top_lines_clear(lines);
	cli_top_monitor_list(&server->monitor, server->list_view,
			     wire_slice(server->list_name, server->list_name_len), server->list_id,
			     server->list_columns, lines);
	return 0;
}

static void close_list(struct cli_top_source *source)
{
	(void)source;
}

static void close_source(struct cli_top_source *source)
{
	struct monitor_source *server = (struct monitor_source *)source;
	cli_top_monitor_fini(&server->monitor);
	net_http_getter_close(server->getter);
	free(server);
}

/* ---- opening ---- */

/* "8222" and "host:8222" are completed to a URL. url: URL_BYTES. */
static int complete_url(const char *text, char *url, struct wire_fault *fault)
{
	bool is_port = text[0] && strspn(text, "0123456789") == strlen(text);
	bool has_scheme = strstr(text, "://") != NULL;
	int len = snprintf(url, URL_BYTES, "%s%s%s", has_scheme ? "" : "http://", is_port ? "localhost:" : "",
			   text);
	if (has_scheme && strncmp(text, "http://", 7) != 0 && strncmp(text, "https://", 8) != 0)
		return wire_fault_set(
		    fault, -EINVAL,
		    "--server takes the monitoring port of a server, http://host:8222, not \"%.100s\"", text);
	return len < URL_BYTES ? 0 : wire_fault_set(fault, -EINVAL, "--server: the URL is too long");
}

int cli_top_monitor_open(struct cli_top_source **source, const struct cli_top_monitor_options *options,
			 struct wire_fault *fault)
{
	struct monitor_source *server = calloc(1, sizeof(*server));
	char url[URL_BYTES];
	if (!server)
		return wire_fault_set(fault, -ENOMEM, "out of memory");
	server->source = (struct cli_top_source){.views = cli_top_monitor_views,
						 .views_len = CLI_TOP_MONITOR_VIEWS,
						 .behind = "subscriptions",
						 .poll = poll_server,
						 .has_ended = has_ended,
						 .head = fill_head,
						 .rows = fill_rows,
						 .open_list = open_list,
						 .poll_list = poll_list,
						 .close_list = close_list,
						 .close = close_source};
	cli_top_window_init(&server->monitor.window, options->window_ns);
	server->second_look_ns = cli_top_deadline_in(SECOND_LOOK_MS);
	int error = complete_url(options->url, url, fault);
	if (error == 0)
		error = net_http_getter_open(&server->getter, url, fault);
	wire_redact_urls(url, server->url, sizeof(server->url));
	if (error == 0)
		error = look(server, fault);
	if (error == 0)
		*source = &server->source;
	else
		close_source(&server->source);
	return error;
}
