#include "export/event/template.h"

#include <errno.h>
#include <stdlib.h>

#include "export/text/escape.h"

/* A template that is being compiled. */
struct compiler {
	struct export_template *template;
	const char *format, *at;
	struct wire_fault *fault;
};

static int complain(const struct compiler *compiler, const char *at, const char *text)
{
	return wire_fault_set(compiler->fault, -EINVAL, "at character %zu: %s",
			      (size_t)(at - compiler->format) + 1, text);
}

static int out_of_memory(const struct compiler *compiler)
{
	return wire_fault_set(compiler->fault, -ENOMEM, "out of memory");
}

static struct export_template_part *add_part(struct export_template *template)
{
	struct export_template_part *parts = realloc(template->parts, (template->len + 1) * sizeof(*parts));

	if (!parts)
		return NULL;
	template->parts = parts;
	parts[template->len] = (struct export_template_part){.at = template->text_len};
	return &parts[template->len++];
}

/* The text has room: it is as long as the format. */
static int add_literal(struct compiler *compiler, char c)
{
	struct export_template *template = compiler->template;
	struct export_template_part *last = template->len ? &template->parts[template->len - 1] : NULL;

	if (!last || last->is_field)
		last = add_part(template);
	if (!last)
		return out_of_memory(compiler);
	template->text[template->text_len++] = c;
	last->len++;
	return 0;
}

static int compile_field(struct compiler *compiler)
{
	const char *begin = compiler->at, *end = strchr(begin, '}');
	struct export_template_part *part;
	struct wire_fault fault;

	if (!end)
		return complain(compiler, begin, "the { has no }; write {{ for a brace");
	compiler->at = end + 1;
	part = add_part(compiler->template);
	if (!part)
		return out_of_memory(compiler);
	part->is_field = true;
	if (export_field_init(&part->field, wire_slice(begin + 1, (size_t)(end - begin) - 1), &fault) != 0)
		return complain(compiler, begin + 1, fault.text);
	return 0;
}

static int compile_escape(struct compiler *compiler)
{
	char c = compiler->at[1];

	if (!c || !strchr("tn\\", c))
		return complain(compiler, compiler->at,
				"a backslash must be followed by t, n or another one");
	compiler->at += 2;
	return add_literal(compiler, c == 't' ? '\t' : c == 'n' ? '\n' : '\\');
}

static int compile_next(struct compiler *compiler)
{
	char c = *compiler->at;

	if (c == '\\')
		return compile_escape(compiler);
	if ((c == '{' || c == '}') && compiler->at[1] == c) {
		compiler->at += 2;
		return add_literal(compiler, c);
	}
	if (c == '{')
		return compile_field(compiler);
	if (c == '}')
		return complain(compiler, compiler->at, "the } has no {; write }} for a brace");
	compiler->at++;
	return add_literal(compiler, c);
}

int export_template_init(struct export_template *template, const char *format, bool utc,
			 struct wire_fault *fault)
{
	struct compiler compiler = {.template = template, .format = format, .at = format, .fault = fault};

	*template = (struct export_template){.text = malloc(strlen(format) + 1), .reader.clock.utc = utc};
	int error = template->text ? 0 : out_of_memory(&compiler);
	while (*compiler.at && !error)
		error = compile_next(&compiler);
	return error;
}

void export_template_fini(struct export_template *template)
{
	for (size_t i = 0; i < template->len; i++)
		export_field_fini(&template->parts[i].field);
	free(template->parts);
	free(template->text);
	export_field_reader_fini(&template->reader);
}

void export_template_print(struct export_template *template, struct export_out *out,
			   const struct wire_event *event, const struct export_clients *clients)
{
	struct wire_slice value;

	export_field_reader_begin(&template->reader);
	for (size_t i = 0; i < template->len; i++) {
		const struct export_template_part *part = &template->parts[i];

		if (!part->is_field)
			export_out_bytes(out, template->text + part->at, part->len);
		else if (export_field_value(&template->reader, &part->field, event, clients, &value))
			export_escape_put(out, value, EXPORT_UNCLIPPED);
		else
			export_out_char(out, '-');
	}
	export_out_char(out, '\n');
}
