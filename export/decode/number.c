#include "export/decode/number.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* NaN and the infinities. 0 for any other. */
static size_t odd_text(char text[EXPORT__NUMBER_TEXT], double value)
{
	if (!isnan(value) && !isinf(value))
		return 0;
	return (size_t)snprintf(text, EXPORT__NUMBER_TEXT, "%s",
				isnan(value) ? "NaN"
				: value > 0  ? "Infinity"
					     : "-Infinity");
}

size_t export__double_text(char text[EXPORT__NUMBER_TEXT], double value)
{
	size_t len = odd_text(text, value);

	for (int digits = DBL_DIG; len == 0; digits++) {
		int printed = snprintf(text, EXPORT__NUMBER_TEXT, "%.*g", digits, value);

		if (digits >= DBL_DECIMAL_DIG || strtod(text, NULL) == value)
			len = (size_t)printed;
	}
	return len;
}

size_t export__float_text(char text[EXPORT__NUMBER_TEXT], float value)
{
	size_t len = odd_text(text, (double)value);

	for (int digits = FLT_DIG; len == 0; digits++) {
		int printed = snprintf(text, EXPORT__NUMBER_TEXT, "%.*g", digits, (double)value);

		if (digits >= FLT_DECIMAL_DIG || strtof(text, NULL) == value)
			len = (size_t)printed;
	}
	return len;
}
