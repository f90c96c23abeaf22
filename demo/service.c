#include "demo/service.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "demo/bus.h"
#include "demo/platform.h"
#include "demo/stop.h"

enum { SUBSCRIPTIONS_MAX = 8, WORKERS_MAX = 64, WAIT_MS = 100, CALL_MS = 1000 };
enum { SLOWDOWN = 50, TROUBLED_ONE_OF = 20 };

static const int64_t FLAP_NS = 3000000000;

struct instance;

/* The workers of a subscription take turns in waiting for a message; each handles its own then. */
struct feed {
	struct instance *instance;
	natsSubscription *subscription;
	pthread_mutex_t turn;
};

struct instance {
	const struct demo_service *service;
	const struct demo_settings *settings;
	struct demo_bus bus;
	struct feed feeds[SUBSCRIPTIONS_MAX];
	pthread_t workers[WORKERS_MAX];
	size_t feeds_len, workers_len;
	atomic_bool stops;
};

static bool has_trouble(const struct instance *instance, enum demo_trouble trouble)
{
	return instance->settings->has_faults && instance->service->trouble == trouble;
}

/* The trouble hits this order: the same at each retry. */
static bool hits(const struct instance *instance, enum demo_trouble trouble,
		 const struct demo_message *message)
{
	return has_trouble(instance, trouble) &&
	       demo_key_number(message->workflow) % TROUBLED_ONE_OF == (unsigned)trouble;
}

/* ---- handling a message ---- */

static void sleep_us(double us)
{
	struct timespec pause = {.tv_sec = (time_t)(us / 1e6),
				 .tv_nsec = (long)((uint64_t)(us * 1e3) % 1000000000)};
	nanosleep(&pause, NULL);
}

/* From half to one and a half of the time that is due. */
static void work(const struct instance *instance)
{
	double elapsed_s = (double)(demo_steady_ns() - instance->settings->started_ns) / 1e9;
	double us =
	    instance->settings->work_ms > 0 ? instance->settings->work_ms * 1000 : instance->service->work_us;
	if (has_trouble(instance, DEMO_SLOWS_DOWN) && elapsed_s > instance->settings->seconds * 2 / 3)
		us *= SLOWDOWN;
	sleep_us(us * (0.5 + arc4random_uniform(1000) / 1000.0));
}

/* Ask the other service, when there is one; `after` gets the id of its reply. */
static void call(struct instance *instance, const struct demo_message *message,
		 char after[static DEMO_ID_MAX])
{
	const struct demo_service *service = instance->service;
	char subject[64];
	struct demo_message reply;
	after[0] = '\0';
	if (!service->calls || !demo_subject_is_served(service->calls, instance->settings->domains))
		return;
	struct demo_draft draft = demo_draft_after(
	    message, demo_subject_in_region(service->calls, message->region, subject, sizeof(subject)),
	    json_pack("{s:s, s:s}", "asked_by", service->name, "currency", "EUR"));
	draft.keys = service->keys;
	if (service->drops_context)
		draft.context = (struct demo_context){0};
	if (demo_bus_request(&instance->bus, &draft, CALL_MS, &reply)) {
		memcpy(after, reply.id, DEMO_ID_MAX);
		demo_message_fini(&reply);
	}
}

static void publish(struct instance *instance, const struct demo_message *message, const char *subject,
		    const char *after, const char *error)
{
	const struct demo_service *service = instance->service;
	struct demo_draft draft = demo_draft_after(
	    message, subject,
	    json_pack("{s:s, s:s}", "service", service->name, "status", error ? error : "ok"));
	draft.after = after;
	draft.keys = service->keys;
	draft.error = error;
	draft.is_reply = service->action == DEMO_REPLIES;
	if (service->drops_context)
		draft.context = (struct demo_context){0};
	demo_bus_publish(&instance->bus, &draft);
}

static void handle(struct instance *instance, const struct demo_message *message)
{
	const struct demo_service *service = instance->service;
	const char *subject =
	    service->action == DEMO_REPLIES ? natsMsg_GetReply(message->msg) : service->emits;
	char after[DEMO_ID_MAX];
	call(instance, message, after);
	work(instance);
	if (!subject || hits(instance, DEMO_IGNORES, message))
		return;
	publish(instance, message, subject, after,
		hits(instance, DEMO_FAILS, message) ? "tax table is missing" : NULL);
	if (has_trouble(instance, DEMO_DUPLICATES))
		publish(instance, message, subject, after, NULL);
}

static natsMsg *next_message(struct feed *feed)
{
	natsMsg *msg = NULL;
	pthread_mutex_lock(&feed->turn);
	if (!atomic_load(&feed->instance->stops))
		natsSubscription_NextMsg(&msg, feed->subscription, WAIT_MS);
	pthread_mutex_unlock(&feed->turn);
	return msg;
}

static void *run_worker(void *closure)
{
	struct feed *feed = closure;
	while (!atomic_load(&feed->instance->stops)) {
		natsMsg *msg = next_message(feed);
		if (!msg)
			continue;
		struct demo_message message;
		demo_message_init(&message, msg);
		handle(feed->instance, &message);
		demo_message_fini(&message);
	}
	return NULL;
}

/* ---- subscriptions and workers ---- */

static natsStatus subscribe(struct instance *instance, struct feed *feed)
{
	const struct demo_service *service = instance->service;
	return service->members
		   ? natsConnection_QueueSubscribeSync(&feed->subscription, instance->bus.connection,
						       service->listens, service->name)
		   : natsConnection_SubscribeSync(&feed->subscription, instance->bus.connection,
						  service->listens);
}

static unsigned concurrency(const struct instance *instance)
{
	if (instance->settings->concurrency)
		return instance->settings->concurrency;
	return instance->service->concurrency ? instance->service->concurrency : 1;
}

static natsStatus add_feed(struct instance *instance)
{
	struct feed *feed = &instance->feeds[instance->feeds_len];
	*feed = (struct feed){.instance = instance};
	natsStatus status = subscribe(instance, feed);
	if (status != NATS_OK)
		return status;
	pthread_mutex_init(&feed->turn, NULL);
	instance->feeds_len++;
	for (unsigned i = 0; i < concurrency(instance) && instance->workers_len < WORKERS_MAX; i++)
		if (pthread_create(&instance->workers[instance->workers_len], NULL, run_worker, feed) == 0)
			instance->workers_len++;
	return NATS_OK;
}

static natsStatus start(struct instance *instance)
{
	size_t wanted =
	    has_trouble(instance, DEMO_TAKES_MOST) && instance->settings->member == 0 ? SUBSCRIPTIONS_MAX : 1;
	natsStatus status = NATS_OK;
	atomic_store(&instance->stops, false);
	while (instance->feeds_len < wanted && status == NATS_OK)
		status = add_feed(instance);
	return status;
}

static void stop(struct instance *instance)
{
	atomic_store(&instance->stops, true);
	for (size_t i = 0; i < instance->workers_len; i++)
		pthread_join(instance->workers[i], NULL);
	for (size_t i = 0; i < instance->feeds_len; i++) {
		natsSubscription_Destroy(instance->feeds[i].subscription);
		pthread_mutex_destroy(&instance->feeds[i].turn);
	}
	instance->workers_len = instance->feeds_len = 0;
}

/* Wait for SIGTERM; a service that flaps drops its connection and connects again in between. */
static bool run_until_stopped(struct instance *instance)
{
	while (!demo_stop_wait(has_trouble(instance, DEMO_FLAPS) ? FLAP_NS : -1, false)) {
		stop(instance);
		if (demo_bus_reconnect(&instance->bus, instance->settings, instance->service->name) < 0 ||
		    start(instance) != NATS_OK)
			return false;
	}
	return true;
}

int demo_service_run(const struct demo_settings *settings)
{
	struct instance instance = {.service = demo_service_find(settings->name), .settings = settings};
	if (!instance.service) {
		fprintf(stderr, "demo: no service is named \"%s\"\n", settings->name);
		return 2;
	}
	if (demo_bus_open(&instance.bus, settings, settings->name) < 0)
		return 1;
	bool is_well = start(&instance) == NATS_OK;
	if (is_well) {
		demo_bus_report_ready(&instance.bus, settings);
		is_well = run_until_stopped(&instance);
	}
	stop(&instance);
	demo_bus_close(&instance.bus);
	return is_well ? 0 : 1;
}
