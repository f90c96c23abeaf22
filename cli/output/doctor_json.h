/* doctor_json.h - findings as one JSON object; keys: docs/doctor.md. */
#ifndef CLI_OUTPUT_DOCTOR_JSON_H
#define CLI_OUTPUT_DOCTOR_JSON_H

#include "export/text/json.h"
#include "trace/doctor/doctor.h"

/* logs: names of the inputs. */
void cli_doctor_json(struct export_out *out, const struct trace_doctor *doctor,
		     const struct trace_findings *findings, const char *const *logs, uint32_t logs_len);

/* The checks: an array of {check, finds}. */
void cli_doctor_json_list(struct export_out *out);

#endif
