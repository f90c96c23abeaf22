#include "cli/output/sparkline.h"

enum { HEIGHTS = 8 };

static double largest(const double *values, size_t len)
{
	double found = 0;
	for (size_t i = 0; i < len; i++)
		if (values[i] > found)
			found = values[i];
	return found;
}

static void put_bar(struct export_out *out, double value, double most)
{
	static const char *const bars[] = {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
	int height = value > 0 ? (int)(value / most * HEIGHTS + 0.5) : 0;
	export_out_text(out, bars[value > 0 && height == 0 ? 1 : height]);
}

void cli_sparkline(struct export_out *out, const double *values, size_t len, size_t columns)
{
	const double most = largest(values, len);
	const size_t bars = len < columns ? len : columns;
	for (size_t i = 0; i < bars; i++) {
		size_t from = i * len / bars, to = (i + 1) * len / bars;
		put_bar(out, largest(values + from, to - from), most);
	}
}
