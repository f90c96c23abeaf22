#include "cli/output/compare_json.h"

#include <stdio.h>

#include "export/text/json.h"

static void put_side(struct export_json *json, const struct cli_compare_view *view, const char *key, int side)
{
	const struct cli_compare_side *of = &view->sides[side];
	struct export_clock clock = {.utc = true};

	export_json_object(json, key);
	export_json_bytes(json, "log", wire_slice_str(of->log));
	if (of->from_ns < of->to_ns) {
		export_json_time(json, "from", &clock, of->from_ns);
		export_json_time(json, "to", &clock, of->to_ns);
	}
	export_json_number(json, view->words.counted, of->messages);
	export_json_number(json, "bytes", of->bytes);
	if (view->has_rates)
		export_json_real(json, "seconds", of->seconds);
	export_json_object_end(json);
}

static void put_row(struct export_json *json, const struct cli_compare_view *view,
		    const struct cli_compare_row *row)
{
	static const char *const suffixes[] = {"before", "after"};
	char key[64];

	export_json_object(json, NULL);
	export_json_bytes(json, view->words.noun, row->name);
	for (int side = 0; side < 2; side++) {
		snprintf(key, sizeof(key), "%s_%s", view->words.counted, suffixes[side]);
		export_json_number(json, key, row->messages[side]);
		snprintf(key, sizeof(key), "bytes_%s", suffixes[side]);
		export_json_number(json, key, row->bytes[side]);
		snprintf(key, sizeof(key), "rate_%s", suffixes[side]);
		if (view->has_rates)
			export_json_real(json, key, (double)row->messages[side] / view->sides[side].seconds);
	}
	export_json_object_end(json);
}

void cli_compare_json(struct export_out *out, const struct cli_compare_view *view)
{
	struct export_json json = {.out = out};
	char key[64];

	export_json_object(&json, NULL);
	put_side(&json, view, "before", 0);
	put_side(&json, view, "after", 1);
	for (int i = 0; i < CLI_COMPARE_CLASSES; i++) {
		const char *name = cli_compare_class_name((enum cli_compare_class)i);

		snprintf(key, sizeof(key), "%s_count", name);
		export_json_number(&json, key, view->classes[i].len);
		export_json_array(&json, name);
		for (size_t j = 0; j < view->classes[i].len && j < view->top; j++)
			put_row(&json, view, &view->classes[i].rows[j]);
		export_json_array_end(&json);
	}
	export_json_number(&json, "unchanged_count", view->unchanged);
	export_json_object_end(&json);
	export_out_char(out, '\n');
}
