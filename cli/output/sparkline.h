/* sparkline.h - a row of numbers as a line of bars: ▁▂▃▄▅▆▇█. */
#ifndef CLI_OUTPUT_SPARKLINE_H
#define CLI_OUTPUT_SPARKLINE_H

#include "export/text/out.h"

/* Print the values in at most `columns` columns. When there are more values, a column shows the largest of its share. The largest of
 * all is a full bar, 0 a space. */
void cli_sparkline(struct export_out *out, const double *values, size_t len, size_t columns);

#endif
