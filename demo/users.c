#include "demo/users.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "demo/bus.h"
#include "demo/stop.h"

const char *const demo_users[DEMO_USERS] = {"web-shop", "mobile-app", "partner-api", "back-office"};

static const enum demo_context_style styles[DEMO_USERS] = {DEMO_TRACEPARENT, DEMO_B3, DEMO_UBER,
							   DEMO_NO_CONTEXT};
static const char *const regions[] = {"eu", "us", "asia"};

enum { REGIONS = 3, REPLY_MS = 5000 };

static size_t user_number(const char *name)
{
	size_t number = 0;
	while (number < DEMO_USERS && strcmp(demo_users[number], name) != 0)
		number++;
	return number;
}

/* Numbers of workflows are unique over all users: those of user u are u modulo the number of users. */
static void post(struct demo_bus *bus, size_t user, unsigned count)
{
	char workflow[DEMO_KEY_MAX], order[DEMO_KEY_MAX];
	unsigned number = count * DEMO_USERS + (unsigned)user + 1;
	snprintf(workflow, sizeof(workflow), "wf-%06u", number);
	snprintf(order, sizeof(order), "o-%06u", 400000 + number);
	struct demo_draft draft = {.subject = "workflows.start",
				   .body = json_pack("{s:s, s:i, s:f, s:s}", "sku",
						     number % 2 ? "A-1710" : "B-0042", "quantity",
						     (int)(number % 5) + 1, "amount", 9.5 * (number % 7 + 1),
						     "posted_by", bus->name),
				   .workflow = workflow,
				   .order = order,
				   .region = regions[number % REGIONS],
				   .context = demo_context_new(styles[user])};
	struct demo_message reply;
	if (demo_bus_request(bus, &draft, REPLY_MS, &reply))
		demo_message_fini(&reply);
}

/* Exponentially distributed, so that workflows come as independently as users do. */
static int64_t next_pause_ns(double rate)
{
	double uniform = (arc4random_uniform(1000000) + 1) / 1000000.0;
	return (int64_t)(-log(uniform) / rate * 1e9);
}

int demo_user_run(const struct demo_settings *settings)
{
	struct demo_bus bus;
	size_t user = user_number(settings->name);
	if (user == DEMO_USERS) {
		fprintf(stderr, "demo: no user is named \"%s\"\n", settings->name);
		return 2;
	}
	if (demo_bus_open(&bus, settings, settings->name) < 0)
		return 1;
	demo_bus_report_ready(&bus, settings);
	int64_t end_ns = settings->started_ns + (int64_t)(settings->seconds * 1e9);
	int64_t next_ns = demo_steady_ns();
	for (unsigned count = 0;; count++) {
		next_ns += next_pause_ns(settings->rate / DEMO_USERS);
		int64_t pause_ns = next_ns - demo_steady_ns();
		if (next_ns >= end_ns || demo_stop_wait(pause_ns > 0 ? pause_ns : 0, false))
			break;
		post(&bus, user, count);
	}
	demo_bus_close(&bus);
	return 0;
}
