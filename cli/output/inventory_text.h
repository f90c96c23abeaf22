/* inventory_text.h - the segments of a log as text. */
#ifndef CLI_OUTPUT_INVENTORY_TEXT_H
#define CLI_OUTPUT_INVENTORY_TEXT_H

#include "cli/output/table.h"
#include "export/text/clock.h"
#include "store/care/inventory.h"

/* A table for cli_inventory_add; NULL when out of memory. */
struct cli_table *cli_inventory_table(void);

/* Add the row of a segment. */
void cli_inventory_add(struct cli_table *table, struct export_clock *clock,
		       const struct store_inventory_segment *segment);

/* Print the sums of a log in one line. */
void cli_inventory_summary(struct cli_row *row, struct export_clock *clock, const char *log,
			   const struct store_inventory *inventory);

#endif
