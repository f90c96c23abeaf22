/* print_template.h - events in a form of the user's: --format '{time} {subject} {payload.id}'.
 *
 * Fields are between braces (cli/output/fields.h); {{ and }} are braces; \t and \n are a tab and a line end, \\ is a
 * backslash. A line end is added to each event. A field that an event does not have is "-". Values are escaped like all
 * text for people. */
#ifndef CLI_OUTPUT_PRINT_TEMPLATE_H
#define CLI_OUTPUT_PRINT_TEMPLATE_H

#include "cli/output/field_value.h"
#include "cli/output/out.h"

struct cli_template_part {
	bool is_field;
	struct cli_field field;
	size_t at, len; /* of a literal, in the template's text */
};

struct cli_template {
	char *text; /* owned: literals, one after the other */
	size_t text_len;
	struct cli_template_part *parts; /* owned */
	size_t len;
	struct cli_field_reader reader;
};

/* Compile a template. 0, or -EINVAL (-ENOMEM) with *fault, which names the place in it. In either case call
 * cli_template_fini. */
int cli_template_init(struct cli_template *template, const char *format, bool utc, struct wire_fault *fault);
void cli_template_fini(struct cli_template *template);

void cli_template_print(struct cli_template *template, struct cli_out *out, const struct wire_event *event,
			const struct cli_clients *clients);

#endif
