#include "cli/options/decoding.h"

#include <errno.h>

#include "cli/output/errors.h"
#include "export/text/sizes.h"

static int add_rule(void *member, const char *argument, struct wire_fault *fault)
{
	struct cli_decoding *decoding = member;

	if (!decoding->decoder && !(decoding->decoder = export_decoder_open()))
		return wire_fault_set(fault, -ENOMEM, "out of memory");
	return export_decoder_add(decoding->decoder, argument, fault);
}

const struct cli_option cli_decoding_options[] = {
    {.name = "decode",
     .kind = CLI_CALL,
     .argument = "RULE",
     .words = "auto|msgpack|cbor|gzip|zstd|snappy",
     .call = add_rule,
     .help =
	 "show payloads decoded; RULE is [SUBJECT=]HOW, and HOW is msgpack, cbor, gzip, zstd, snappy, auto, "
	 "protobuf:FILE:MESSAGE, several joined by +, or cmd:COMMAND; repeatable, the first rule that "
	 "matches "
	 "decides: \"tapedeck help decode\"",
     .at = 0},
    {.name = NULL},
};

static void report_line(void *context, const char *text)
{
	cli_error(context, "%s", text);
}

void cli_decoding_begin(const struct cli_decoding *decoding, const struct cli_command *command)
{
	if (decoding->decoder)
		export_decoder_report_to(decoding->decoder, report_line, (void *)command);
}

void cli_decoding_report(const struct cli_decoding *decoding, const struct cli_command *command)
{
	struct export_decoder_count count;
	char failed[EXPORT_SIZE_TEXT], all[EXPORT_SIZE_TEXT];

	for (size_t i = 0; export_decoder_count(decoding->decoder, i, &count); i++)
		if (count.failed > 0 && !count.is_reported)
			cli_error(command,
				  "--decode %s: %s of %s payload%s could not be decoded; the first: %s",
				  count.rule, export_count_text(failed, count.failed),
				  export_count_text(all, count.failed + count.decoded),
				  export_plural(count.failed + count.decoded), count.reason);
}

void cli_decoding_fini(struct cli_decoding *decoding)
{
	export_decoder_close(decoding->decoder);
	decoding->decoder = NULL;
}
