#include "cli/commands/view_context.h"

#include <errno.h>
#include <stdlib.h>

int cli_view_context_init(struct cli_view_context *context, struct cli_printer *printer,
			  struct wire_source *source, uint64_t before, uint64_t after)
{
	*context =
	    (struct cli_view_context){.printer = printer, .source = source, .before = before, .after = after};
	context->ring = calloc(before + 1, sizeof *context->ring);
	return context->ring ? 0 : -ENOMEM;
}

void cli_view_context_fini(struct cli_view_context *context)
{
	for (uint64_t i = 0; context->ring && i < context->before; i++)
		wire_event_copy_fini(&context->ring[i]);
	free(context->ring);
	context->ring = NULL;
}

static const struct wire_client *find_in_source(const void *source, uint64_t conn)
{
	struct wire_source *asked = (struct wire_source *)(uintptr_t)source;
	return asked->client(asked, conn);
}

static const struct wire_client *find_in_copy(const void *copy, uint64_t conn)
{
	return wire_event_copy_client(copy, conn);
}

/* A line where events are left out between those that were printed and number `next`. */
static void separate(struct cli_view_context *context, uint64_t next)
{
	const struct cli_output *output = &context->printer->output;
	if (context->printed > 0 && next > context->printed + 1 && cli_output_is_for_people(output))
		export_out_text(&context->printer->out, "--\n");
}

/* The held events are those with the numbers before that of the one that was just taken. */
static void print_held(struct cli_view_context *context)
{
	for (; context->held > 0; context->held--) {
		const uint64_t number = context->events - context->held;
		const struct wire_event_copy *copy = &context->ring[number % context->before];
		const struct export_clients clients = {.find = find_in_copy, .context = copy};
		separate(context, number);
		cli_printer_put(context->printer, &copy->event, &clients);
		context->printed = number;
	}
}

static void print(struct cli_view_context *context, const struct wire_event *event)
{
	const struct export_clients clients = {.find = find_in_source, .context = context->source};
	print_held(context);
	separate(context, context->events);
	cli_printer_put(context->printer, event, &clients);
	context->printed = context->events;
}

static int hold(struct cli_view_context *context, const struct wire_event *event)
{
	if (context->before == 0)
		return 0;
	struct wire_event_copy *copy = &context->ring[context->events % context->before];
	if (context->held < context->before)
		context->held++;
	return wire_event_copy_set(copy, event, context->source);
}

int cli_view_context_take(struct cli_view_context *context, const struct wire_event *event, bool is_chosen)
{
	context->events++;
	if (is_chosen)
		context->after_left = context->after;
	else if (context->after_left == 0)
		return hold(context, event);
	else
		context->after_left--;
	print(context, event);
	return 0;
}
