#include "export/otlp/quoting.h"

#include <assert.h>

#include "export/text/json.h"

int export__quoting_init(struct export__quoting *quoting)
{
	return export_out_init(&quoting->scratch, -1);
}

void export__quoting_fini(struct export__quoting *quoting)
{
	export_out_fini(&quoting->scratch);
}

/* The longest escape has six bytes, so that the scratch output is never full. */
static_assert(EXPORT__QUOTED_MAX * 6 + 2 < EXPORT_OUT_BYTES, "a quoted text must fit the scratch output");

struct wire_slice export__quoted(struct export__quoting *quoting, struct wire_slice bytes)
{
	struct export_json json = {.out = &quoting->scratch};

	if (bytes.len > EXPORT__QUOTED_MAX)
		bytes.len = EXPORT__QUOTED_MAX;
	quoting->scratch.len = 0;
	export_json_string(&json, NULL, bytes);
	return wire_slice(quoting->scratch.data + 1, quoting->scratch.len - 2);
}
