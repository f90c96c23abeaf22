#include "cli/options/masking.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/output/errors.h"

#define AT(member) offsetof(struct cli_masking, member)

enum { FILE_BYTES_MAX = 1 << 20 };

/* ---- options ---- */

static int out_of_memory(struct wire_fault *fault)
{
	return wire_fault_set(fault, -ENOMEM, "out of memory");
}

static int add(struct cli_masking *masking, enum wire_mask_option option, const char *text,
	       struct wire_fault *fault)
{
	if (!masking->mask && !(masking->mask = wire_mask_open()))
		return out_of_memory(fault);
	return wire_mask_add(masking->mask, option, text, fault);
}

static int add_value(void *member, const char *argument, struct wire_fault *fault)
{
	return add(member, WIRE_MASK_VALUE, argument, fault);
}

static int add_payload(void *member, const char *argument, struct wire_fault *fault)
{
	return add(member, WIRE_MASK_PAYLOAD, argument, fault);
}

static int add_regex(void *member, const char *argument, struct wire_fault *fault)
{
	return add(member, WIRE_MASK_REGEX, argument, fault);
}

static int add_subject(void *member, const char *argument, struct wire_fault *fault)
{
	return add(member, WIRE_MASK_SUBJECT, argument, fault);
}

/* Read a whole file. An owned text of *len bytes; NULL with *fault. */
static char *read_file(const char *path, size_t *len, struct wire_fault *fault)
{
	FILE *file = fopen(path, "re");
	char *text = file ? malloc(FILE_BYTES_MAX + 1) : NULL;
	errno = file && !text ? ENOMEM : errno;
	*len = text ? fread(text, 1, FILE_BYTES_MAX + 1, file) : 0;
	if (text && ferror(file)) {
		free(text);
		text = NULL;
	}
	if (!text)
		wire_fault_set(fault, -errno, "cannot read %s: %s", path, wire_error_text(-errno));
	if (file)
		fclose(file);
	if (text && *len > FILE_BYTES_MAX) {
		wire_fault_set(fault, -EFBIG, "%s is larger than 1 MiB", path);
		free(text);
		return NULL;
	}
	return text;
}

static int add_file(void *member, const char *argument, struct wire_fault *fault)
{
	struct cli_masking *masking = member;
	size_t len;
	if (!masking->mask && !(masking->mask = wire_mask_open()))
		return out_of_memory(fault);
	char *text = read_file(argument, &len, fault);
	if (!text)
		return fault->code;
	int error = wire_mask_add_lines(masking->mask, wire_slice(text, len), argument, fault);
	free(text);
	return error;
}

const struct cli_option cli_masking_options[] = {
    {.name = "mask",
     .kind = CLI_CALL,
     .argument = "RULE",
     .call = add_value,
     .help = "replace these values before anything is recorded or printed: [SUBJECT:]$.PATH of JSON, or "
	     "[SUBJECT:]header:NAME; then =redact (same length, default), =drop or =hash; repeatable"},
    {.name = "mask-payload",
     .kind = CLI_CALL,
     .argument = "SUBJECT",
     .call = add_payload,
     .help = "replace the whole payload of messages on these subjects; SUBJECT[=ACTION]; repeatable"},
    {.name = "mask-regex",
     .kind = CLI_CALL,
     .argument = "RE",
     .call = add_regex,
     .help = "replace each match of this expression in payloads and headers; RE, /RE/ or SUBJECT:/RE/, then "
	     "[=ACTION]; repeatable"},
    {.name = "mask-subject",
     .kind = CLI_CALL,
     .argument = "SUBJECT=N",
     .call = add_subject,
     .help =
	 "replace token N of these subjects and reply subjects, also where errors and log lines quote them, "
	 "not in payloads and headers; SUBJECT=N[=ACTION], the first token is 1; repeatable"},
    {.name = "mask-file",
     .kind = CLI_CALL,
     .argument = "FILE",
     .call = add_file,
     .help = "read rules from this file, one a line: what --mask takes, or payload, regex or subject and "
	     "what that option takes; # begins a comment; repeatable"},
    {.name = "mask-key",
     .kind = CLI_TEXT,
     .argument = "FILE",
     .at = AT(key_path),
     .help = "the key of =hash, 32 hexadecimal digits: equal values have equal hashes"},
    {0},
};

/* ---- using them ---- */

static int read_key(struct cli_masking *masking, struct wire_fault *fault)
{
	struct wire_fault inner = {0};
	size_t len;
	char *text = read_file(masking->key_path, &len, fault);
	if (!text)
		return fault->code;
	int error = wire_mask_set_key(masking->mask, wire_slice(text, len), &inner);
	explicit_bzero(text, len);
	free(text);
	return error ? wire_fault_set(fault, error, "%s: %s", masking->key_path, inner.text) : 0;
}

int cli_masking_check(const struct cli_command *command, struct cli_masking *masking)
{
	struct wire_fault fault = {0};
	int error = 0;
	if (masking->key_path && !masking->mask)
		return cli_usage_error(command, "--mask-key belongs to rules with =hash, and there are none");
	if (!masking->mask)
		return CLI_GO_ON;
	if (masking->key_path)
		error = read_key(masking, &fault);
	if (!error)
		error = wire_mask_check(masking->mask, &fault);
	return error ? cli_usage_error(command, "%s", fault.text) : CLI_GO_ON;
}

void cli_masking_fini(struct cli_masking *masking)
{
	wire_mask_stage_close(masking->stage);
	wire_masker_close(masking->masker);
	wire_mask_close(masking->mask);
	*masking = (struct cli_masking){0};
}

int cli_masking_before(struct cli_masking *masking, struct wire_sink **sink)
{
	if (!masking->mask || !*sink)
		return 0;
	masking->stage = wire_mask_stage_open(masking->mask, *sink);
	if (!masking->stage)
		return -ENOMEM;
	*sink = wire_mask_stage_sink(masking->stage);
	return 0;
}

int cli_masking_masker(struct cli_masking *masking, struct wire_masker **masker)
{
	if (masking->mask && !masking->masker && !(masking->masker = wire_masker_open(masking->mask, true)))
		return -ENOMEM;
	*masker = masking->masker;
	return 0;
}

/* ---- the end of a run ---- */

struct report {
	void (*line)(void *context, const char *text);
	void *context;
};

static void report_unmatched(void *context, const char *rule)
{
	const struct report *report = context;
	char text[600];
	snprintf(text, sizeof text, "mask %s matched nothing in this run", rule);
	report->line(report->context, text);
}

static void report_count(const struct report *report, uint64_t count, const char *why)
{
	char text[200];
	if (count == 0)
		return;
	snprintf(text, sizeof text, "%llu payload%s redacted whole: %s", (unsigned long long)count,
		 count == 1 ? " was" : "s were", why);
	report->line(report->context, text);
}

void cli_masking_report(const struct cli_masking *masking, void (*line)(void *context, const char *text),
			void *context)
{
	struct report report = {.line = line, .context = context};
	struct wire_mask_counts counts;
	if (!masking->mask)
		return;
	wire_mask_unmatched(masking->mask, report_unmatched, &report);
	wire_mask_counts(masking->mask, &counts);
	report_count(&report, counts.malformed, "a rule asks for JSON, and they are not JSON");
	report_count(&report, counts.unjudged, "a rule could not judge them within its limits");
}
