#include "cli/top/source.h"

#include "export/text/sizes.h"

void cli_top_join(char *to, const char *first, const char *second)
{
	size_t len = strnlen(first, CLI_TOP_TITLE_BYTES - 1);
	size_t more = strnlen(second, CLI_TOP_TITLE_BYTES - 1 - len);
	memcpy(to, first, len);
	memcpy(to + len, second, more);
	to[len + more] = '\0';
}

/* A field without value, NULL when there is no room. */
static struct cli_top_field *add(struct cli_top_head *head, const char *name, enum cli_color color)
{
	if (head->fields_len == CLI_TOP_FIELDS_MAX)
		return NULL;
	struct cli_top_field *field = &head->fields[head->fields_len++];
	*field = (struct cli_top_field){.name = name, .color = color};
	return field;
}

void cli_top_head_count(struct cli_top_head *head, const char *name, uint64_t count, enum cli_color color)
{
	struct cli_top_field *field = add(head, name, count > 0 ? color : CLI_PLAIN);
	if (field)
		export_count_text(field->value, count);
}

void cli_top_head_rate(struct cli_top_head *head, const char *name, double per_second)
{
	struct cli_top_field *field = add(head, name, CLI_BOLD);
	if (!field)
		return;
	if (per_second > 0)
		export_rate_text(field->value, per_second);
	else
		memcpy(field->value, "0", 2);
}

void cli_top_head_bytes(struct cli_top_head *head, const char *name, double bytes)
{
	struct cli_top_field *field = add(head, name, CLI_BOLD);
	if (field)
		export_size_text(field->value, (uint64_t)(bytes + 0.5));
}

void cli_top_head_bytes_rate(struct cli_top_head *head, double per_second)
{
	struct cli_top_field *field = add(head, "", CLI_BOLD);
	if (!field)
		return;
	export_size_text(field->value, (uint64_t)(per_second + 0.5));
	strcat(field->value, "/s");
}
