/* inventory_json.h - the segments of a log as JSON (keys: docs/care.md). */
#ifndef CLI_OUTPUT_INVENTORY_JSON_H
#define CLI_OUTPUT_INVENTORY_JSON_H

#include "export/text/json.h"
#include "store/care/inventory.h"

/* One object in an array. */
void cli_inventory_segment_json(struct export_json *json, struct export_clock *clock,
				const struct store_inventory_segment *segment);

/* The members of the log's object. */
void cli_inventory_json(struct export_json *json, struct export_clock *clock,
			const struct store_inventory *inventory);

#endif
