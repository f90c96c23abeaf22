/* template.h - events in a form of the user's: --format '{time} {subject} {payload.id}'.
 *
 * Fields are between braces (export/event/fields.h); {{ and }} are braces; \t and \n are a tab and a line end, \\ is a
 * backslash. A line end is added to each event. A field that an event does not have is "-". Values are escaped like all
 * text for people. */
#ifndef EXPORT_EVENT_TEMPLATE_H
#define EXPORT_EVENT_TEMPLATE_H

#include "export/event/field_value.h"
#include "export/text/out.h"

struct export_template_part {
	bool is_field;
	struct export_field field;
	size_t at, len; /* of a literal, in the template's text */
};

struct export_template {
	char *text; /* owned: literals, one after the other */
	size_t text_len;
	struct export_template_part *parts; /* owned */
	size_t len;
	struct export_field_reader reader;
};

/* Compile a template. 0, or -EINVAL (-ENOMEM) with *fault, which names the place in it. In either case call
 * export_template_fini. */
int export_template_init(struct export_template *template, const char *format, bool utc,
			 struct wire_fault *fault);
void export_template_fini(struct export_template *template);

void export_template_print(struct export_template *template, struct export_out *out,
			   const struct wire_event *event, const struct export_clients *clients);

#endif
