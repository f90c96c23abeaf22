#include "demo/machine.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "demo/bus.h"
#include "demo/steps.h"
#include "demo/stop.h"

enum { WORKFLOWS = 4096, ATTEMPTS = 12 };

static const int64_t REQUEST_NS = 1000 * 1000000LL, COMMAND_NS = 10000 * 1000000LL;
static const int64_t TICK_NS = 20 * 1000000LL, DRAIN_NS = 8000 * 1000000LL;
/* With faults it asks again too soon, and too often: a storm of retries. */
static const int64_t HASTY_NS = 150 * 1000000LL;

struct workflow {
	bool is_open;
	char id[DEMO_KEY_MAX], order[DEMO_KEY_MAX], region[DEMO_KEY_MAX];
	unsigned number;
	struct demo_context context; /* of the cause; without its span when it had none */
	size_t step;
	unsigned attempts;             /* of this step */
	char cause[DEMO_ID_MAX];       /* the message that made it enter this step */
	int64_t cause_ns;              /* wall clock, when that was received */
	char asked[DEMO_ID_MAX];       /* the request that is not answered yet; "" = none */
	int64_t asked_ns, deadline_ns; /* steady */
};

struct machine {
	const struct demo_settings *settings;
	struct demo_bus bus;
	char inbox[64];
	pthread_mutex_t lock; /* of the workflows: libnats has a thread for each subscription */
	struct workflow workflows[WORKFLOWS];
	size_t open;
};

/* ---- publishing ---- */

static json_t *body_of_step(const struct workflow *workflow)
{
	return json_pack("{s:i, s:s}", "step", (int)workflow->step + 1, "customer",
			 workflow->number % 2 ? "c-1734" : "c-2201");
}

static struct demo_draft draft_of(struct workflow *workflow, const char *subject)
{
	return (struct demo_draft){.subject = subject,
				   .body = body_of_step(workflow),
				   .keys = DEMO_KEYS_IN_BOTH,
				   .workflow = workflow->id,
				   .order = workflow->order,
				   .region = workflow->region,
				   .context = demo_context_child(&workflow->context),
				   .cause = workflow->cause,
				   .received_ns = workflow->cause_ns};
}

static void finish(struct machine *machine, struct workflow *workflow, const char *outcome)
{
	char subject[64];
	snprintf(subject, sizeof(subject), "workflows.%s.%s", workflow->region, outcome);
	struct demo_draft draft = draft_of(workflow, subject);
	demo_bus_publish(&machine->bus, &draft);
	workflow->is_open = false;
	machine->open--;
}

static void publish_step(struct machine *machine, struct workflow *workflow)
{
	const struct demo_step *step = &demo_steps[workflow->step];
	char subject[64], reply_to[128];
	workflow->attempts++;
	struct demo_draft draft = draft_of(
	    workflow, demo_subject_in_region(step->subject, workflow->region, subject, sizeof(subject)));
	snprintf(reply_to, sizeof(reply_to), "%s.%u-%zu-%u", machine->inbox, workflow->number, workflow->step,
		 workflow->attempts);
	bool hurries = workflow->attempts > 1 && machine->settings->has_faults;
	if (step->kind == DEMO_REQUEST)
		draft.reply_to = reply_to;
	workflow->asked_ns = demo_steady_ns();
	workflow->deadline_ns = workflow->asked_ns + (step->kind == DEMO_COMMAND ? COMMAND_NS
						      : hurries                  ? HASTY_NS
										 : REQUEST_NS);
	demo_bus_publish(&machine->bus, &draft);
	if (step->kind == DEMO_REQUEST)
		memcpy(workflow->asked, draft.id, sizeof(workflow->asked));
}

static bool is_skipped(const struct machine *machine, const struct workflow *workflow)
{
	const struct demo_step *step = &demo_steps[workflow->step];
	return !demo_subject_is_served(step->subject, machine->settings->domains) ||
	       (step->every && workflow->number % step->every != 0) ||
	       (step->only_faulty && !machine->settings->has_faults);
}

/* Publish the step at which the workflow stands, and those after it up to one that must be waited for. */
static void run_steps(struct machine *machine, struct workflow *workflow)
{
	for (; workflow->step < demo_steps_len; workflow->step++) {
		workflow->attempts = 0;
		if (is_skipped(machine, workflow))
			continue;
		publish_step(machine, workflow);
		if (demo_steps[workflow->step].kind != DEMO_NOTIFY)
			return;
	}
	finish(machine, workflow, "finished");
}

/* ---- what arrives ---- */

/* The server's "no responders" has no id: the request that it answers stands for it. */
static void remember_cause(struct workflow *workflow, const struct demo_message *message)
{
	memcpy(workflow->cause, message->id[0] ? message->id : workflow->asked, sizeof(workflow->cause));
	workflow->cause_ns = message->received_ns;
	if (message->context.style != DEMO_NO_CONTEXT)
		workflow->context = message->context;
	else
		workflow->context.span[0] = '\0'; /* of a service without tracing: no parent is known */
}

static struct workflow *find(struct machine *machine, unsigned number)
{
	struct workflow *workflow = &machine->workflows[number % WORKFLOWS];
	return workflow->is_open && workflow->number == number ? workflow : NULL;
}

static void accept_start(struct machine *machine, const struct demo_message *message)
{
	struct demo_draft reply = demo_draft_after(message, natsMsg_GetReply(message->msg),
						   json_pack("{s:s}", "status", "accepted"));
	reply.is_reply = true;
	demo_bus_publish(&machine->bus, &reply);
}

static void on_start(struct machine *machine, const struct demo_message *message)
{
	unsigned number = demo_key_number(message->workflow);
	struct workflow *workflow = &machine->workflows[number % WORKFLOWS];
	if (workflow->is_open || !natsMsg_GetReply(message->msg))
		return;
	*workflow = (struct workflow){.is_open = true, .number = number, .context = message->context};
	memcpy(workflow->id, message->workflow, sizeof(workflow->id));
	memcpy(workflow->order, message->order, sizeof(workflow->order));
	memcpy(workflow->region, message->region, sizeof(workflow->region));
	remember_cause(workflow, message);
	machine->open++;
	accept_start(machine, message);
	run_steps(machine, workflow);
}

static void advance(struct machine *machine, struct workflow *workflow, const struct demo_message *message)
{
	remember_cause(workflow, message);
	workflow->asked[0] = '\0';
	workflow->step++;
	run_steps(machine, workflow);
}

static void on_event(struct machine *machine, const struct demo_message *message)
{
	struct workflow *workflow = find(machine, demo_key_number(message->workflow));
	if (!workflow)
		return;
	const struct demo_step *step = &demo_steps[workflow->step];
	if (step->kind == DEMO_COMMAND && strcmp(step->done, natsMsg_GetSubject(message->msg)) == 0)
		advance(machine, workflow, message);
}

static void on_failed_reply(struct machine *machine, struct workflow *workflow,
			    const struct demo_message *message)
{
	remember_cause(workflow, message);
	finish(machine, workflow, "failed");
}

static void on_reply(struct machine *machine, const struct demo_message *message, int64_t arrived_ns)
{
	unsigned number, attempt;
	size_t step;
	const char *error, *token = natsMsg_GetSubject(message->msg) + strlen(machine->inbox) + 1;
	if (sscanf(token, "%u-%zu-%u", &number, &step, &attempt) != 3)
		return;
	struct workflow *workflow = find(machine, number);
	if (!workflow || workflow->step != step || workflow->attempts != attempt || !workflow->asked[0])
		return; /* late: it was asked again */
	bool is_unheard = natsMsg_IsNoResponders(message->msg);
	demo_truth_request(machine->bus.truth, workflow->asked, is_unheard ? "no_responders" : "reply",
			   message->id, arrived_ns - workflow->asked_ns);
	if (is_unheard)
		workflow->step = demo_steps_len - 1; /* nobody misses it */
	if (!is_unheard && natsMsgHeader_Get(message->msg, "Nats-Service-Error", &error) == NATS_OK)
		on_failed_reply(machine, workflow, message);
	else
		advance(machine, workflow, message);
}

static void on_message(natsConnection *connection, natsSubscription *sub, natsMsg *msg, void *closure)
{
	(void)connection;
	(void)sub;
	struct machine *machine = closure;
	struct demo_message message;
	int64_t arrived_ns = demo_steady_ns();
	pthread_mutex_lock(&machine->lock);
	demo_message_init(&message, msg);
	const char *subject = natsMsg_GetSubject(msg);
	if (strcmp(subject, "workflows.start") == 0)
		on_start(machine, &message);
	else if (strncmp(subject, machine->inbox, strlen(machine->inbox)) == 0)
		on_reply(machine, &message, arrived_ns);
	else
		on_event(machine, &message);
	demo_message_fini(&message);
	pthread_mutex_unlock(&machine->lock);
}

/* ---- time ---- */

static void on_timeout(struct machine *machine, struct workflow *workflow)
{
	bool is_request = workflow->asked[0];
	if (is_request)
		demo_truth_request(machine->bus.truth, workflow->asked, "timeout", "",
				   demo_steady_ns() - workflow->asked_ns);
	if (is_request && workflow->attempts < ATTEMPTS)
		publish_step(machine, workflow);
	else
		finish(machine, workflow, "failed");
}

/* Returns the number of open workflows. */
static size_t check_deadlines(struct machine *machine)
{
	pthread_mutex_lock(&machine->lock);
	int64_t now_ns = demo_steady_ns();
	for (size_t i = 0; machine->open && i < WORKFLOWS; i++) {
		struct workflow *workflow = &machine->workflows[i];
		if (workflow->is_open && workflow->deadline_ns <= now_ns)
			on_timeout(machine, workflow);
	}
	size_t open = machine->open;
	pthread_mutex_unlock(&machine->lock);
	return open;
}

static void run_until_stopped(struct machine *machine)
{
	while (!demo_stop_wait(TICK_NS, false))
		check_deadlines(machine);
	int64_t end_ns = demo_steady_ns() + DRAIN_NS;
	while (check_deadlines(machine) > 0 && demo_steady_ns() < end_ns)
		demo_stop_wait(TICK_NS, false);
}

/* ---- the role ---- */

static natsStatus subscribe(struct machine *machine, const char *subject)
{
	return demo_bus_subscribe(&machine->bus, subject, on_message, machine);
}

static natsStatus subscribe_all(struct machine *machine)
{
	natsInbox *inbox;
	char pattern[80];
	natsStatus status = natsInbox_Create(&inbox);
	if (status != NATS_OK)
		return status;
	snprintf(machine->inbox, sizeof(machine->inbox), "%s", inbox);
	snprintf(pattern, sizeof(pattern), "%s.*", inbox);
	natsInbox_Destroy(inbox);
	status = subscribe(machine, pattern);
	for (size_t i = 0; i < demo_steps_len && status == NATS_OK; i++)
		if (demo_steps[i].done &&
		    demo_subject_is_served(demo_steps[i].subject, machine->settings->domains))
			status = subscribe(machine, demo_steps[i].done);
	return status == NATS_OK ? subscribe(machine, "workflows.start") : status;
}

int demo_machine_run(const struct demo_settings *settings)
{
	struct machine *machine = calloc(1, sizeof(*machine));
	if (!machine)
		return 1;
	machine->settings = settings;
	pthread_mutex_init(&machine->lock, NULL);
	if (demo_bus_open(&machine->bus, settings, settings->name) < 0) {
		free(machine);
		return 1;
	}
	natsStatus status = subscribe_all(machine);
	if (status == NATS_OK) {
		demo_bus_report_ready(&machine->bus, settings);
		run_until_stopped(machine);
	}
	demo_bus_close(&machine->bus);
	pthread_mutex_destroy(&machine->lock);
	free(machine);
	return status == NATS_OK ? 0 : 1;
}
