#include "cli/output/doctor_json.h"

#include <string.h>

static void put_word(struct export_json *json, const char *key, const char *word)
{
	export_json_word(json, key, word, strlen(word));
}

static void put_evidence(struct export_json *json, const struct trace_evidence *evidence,
			 const char *const *logs, uint32_t logs_len)
{
	export_json_array(json, "seqs");
	for (uint32_t i = 0; i < evidence->len; i++)
		export_json_quoted(json, NULL, evidence->seqs[i]);
	export_json_array_end(json);
	export_json_number(json, "count", evidence->count);
	if (logs_len < 2)
		return;
	export_json_array(json, "logs");
	for (uint32_t i = 0; i < evidence->len && evidence->origins[i] < logs_len; i++)
		export_json_string(json, NULL, wire_slice_str(logs[evidence->origins[i]]));
	export_json_array_end(json);
}

/* Left out when the finding does not say it. */
static void put_when(struct export_json *json, const struct trace_finding *finding)
{
	struct export_clock clock = {.utc = true};
	if (finding->from_ns == 0 && finding->to_ns == 0)
		return;
	export_json_time(json, "from", &clock, finding->from_ns);
	export_json_time(json, "to", &clock, finding->to_ns);
}

/* Left out when every table had room. */
static void put_left_out(struct export_json *json, const struct trace_doctor *doctor)
{
	struct trace_doctor_left_out left_out;
	bool is_any = false;
	for (size_t i = 0; trace_doctor_left_out(doctor, i, &left_out); i++) {
		if (left_out.count == 0)
			continue;
		if (!is_any)
			export_json_array(json, "left_out");
		is_any = true;
		export_json_object(json, NULL);
		put_word(json, "what", left_out.what);
		export_json_number(json, "count", left_out.count);
		export_json_object_end(json);
	}
	if (is_any)
		export_json_array_end(json);
}

void cli_doctor_json(struct export_out *out, const struct trace_doctor *doctor,
		     const struct trace_findings *findings, const char *const *logs, uint32_t logs_len)
{
	struct export_json json = {.out = out};
	struct trace_doctor_scope scope;
	trace_doctor_scope(doctor, &scope);
	export_json_object(&json, NULL);
	export_json_number(&json, "messages", scope.messages);
	export_json_number(&json, "subjects", scope.subjects);
	export_json_number(&json, "connections", scope.clients);
	export_json_real(&json, "seconds", (double)scope.span_ns / 1e9);
	export_json_array(&json, "findings");
	for (size_t i = 0; i < findings->len; i++) {
		const struct trace_finding *finding = &findings->list[i];
		export_json_object(&json, NULL);
		put_word(&json, "check", finding->check);
		put_word(&json, "severity", trace_severity_name(finding->severity));
		export_json_string(&json, "text", wire_slice_str(finding->text));
		export_json_string(&json, "remedy", wire_slice_str(finding->remedy));
		put_when(&json, finding);
		put_evidence(&json, &finding->evidence, logs, logs_len);
		export_json_object_end(&json);
	}
	export_json_array_end(&json);
	if (findings->is_short_of_memory)
		export_json_true(&json, "short_of_memory");
	put_left_out(&json, doctor);
	export_json_object_end(&json);
	export_out_char(out, '\n');
}

void cli_doctor_json_list(struct export_out *out)
{
	struct export_json json = {.out = out};
	struct trace_doctor_check check;
	export_json_array(&json, NULL);
	for (size_t i = 0; trace_doctor_list(i, &check); i++) {
		export_json_object(&json, NULL);
		put_word(&json, "check", check.name);
		export_json_string(&json, "finds", wire_slice_str(check.finds));
		export_json_object_end(&json);
	}
	export_json_array_end(&json);
	export_out_char(out, '\n');
}
