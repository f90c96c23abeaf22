/* doctor_text.h - findings for people, in 80 columns, or in the terminal's width when it is wider. */
#ifndef CLI_OUTPUT_DOCTOR_TEXT_H
#define CLI_OUTPUT_DOCTOR_TEXT_H

#include "cli/output/row.h"
#include "trace/doctor/doctor.h"

struct cli_doctor_text {
	struct export_out *out; /* borrowed */
	bool color, utc;
	size_t columns;
	const char *const *logs; /* names of the inputs. Borrowed */
	uint32_t logs_len;
	bool is_filtered; /* some events of the input may be left out */
};

/* Print what was checked, the findings, their number, and the numbers of entries that found no memory. checks: how many checks
 * were made. */
void cli_doctor_text(const struct cli_doctor_text *text, const struct trace_doctor *doctor,
		     const struct trace_findings *findings, size_t checks);

/* Print the checks. */
void cli_doctor_text_list(const struct cli_doctor_text *text);

#endif
