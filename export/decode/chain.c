#include "export/decode/chain.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "export/decode/cbor.h"
#include "export/decode/command.h"
#include "export/decode/compressed.h"
#include "export/decode/guess.h"
#include "export/decode/msgpack.h"
#include "export/decode/protobuf.h"
#include "wire/suggest.h"

enum kind { MSGPACK, CBOR, GZIP, ZSTD, SNAPPY, AUTO, PROTOBUF, COMMAND, COMMAND_FRAMED, KINDS };

static const char *const names[KINDS + 1] = {"msgpack", "cbor",     "gzip", "zstd",       "snappy",
					     "auto",    "protobuf", "cmd",  "cmd-framed", NULL};

static const struct {
	const char *form, *help;
} described[KINDS] = {
    [MSGPACK] = {"msgpack", "MessagePack, shown as JSON"},
    [CBOR] = {"cbor", "CBOR, shown as JSON"},
    [GZIP] = {"gzip", "the decompressed body; zlib's own format as well"},
    [ZSTD] = {"zstd", "the decompressed body"},
    [SNAPPY] = {"snappy", "the decompressed body, of the block format"},
    [AUTO] = {"auto", "gzip, zstd, msgpack and cbor, where there is no doubt; text stays as it is"},
    [PROTOBUF] = {"protobuf:FILE:MESSAGE",
		  "a message of that type, shown as JSON; FILE is what protoc writes with --include_imports "
		  "--descriptor_set_out=FILE"},
    [COMMAND] = {"cmd:COMMAND",
		 "what a program makes of it, by sh: a line for a line, or one JSON value over "
		 "several lines; if COMMAND names it, the subject is in $TAPEDECK_SUBJECT"},
    [COMMAND_FRAMED] = {"cmd-framed:COMMAND", "likewise, with the length of payload and answer before each: "
					      "four bytes, big-endian"},
};

struct step {
	enum kind kind;
	struct export__types *types; /* owned; PROTOBUF */
	const struct export__message *message;
	struct export__protobuf protobuf;
	struct export__command *command; /* owned; COMMAND, COMMAND_FRAMED */
};

struct export__chain {
	struct step steps[EXPORT_DECODE_STEPS_MAX];
	size_t len;
	struct export_out texts[2]; /* what a step makes, in turn */
	struct wire_fault fault;
};

/* ---- compiling ---- */

static size_t name_len(const char *text)
{
	return strcspn(text, ":+=");
}

static enum kind kind_of(const char *text)
{
	const size_t len = name_len(text);
	enum kind kind = 0;

	while (kind < KINDS && (strlen(names[kind]) != len || strncmp(text, names[kind], len) != 0))
		kind++;
	return kind;
}

bool export__chain_begins(const char *text)
{
	return kind_of(text) != KINDS && text[name_len(text)] != '=';
}

static int unknown_type(const struct export__types *types, const char *path, const char *name,
			struct wire_fault *fault)
{
	const char *near = export__types_suggest(types, name);

	return wire_fault_set(fault, -EINVAL, "%s has no message type \"%s\"%s%s%s", path, name,
			      near ? " (did you mean \"" : "", near ? near : "", near ? "\"?)" : "");
}

/* rest: "FILE:MESSAGE", owned by the caller, and changed. */
static int init_protobuf(struct step *step, char *rest, struct wire_fault *fault)
{
	char *colon = strrchr(rest, ':');

	if (!colon || colon == rest || !colon[1])
		return wire_fault_set(fault, -EINVAL,
				      "protobuf needs a descriptor set and a message type: "
				      "protobuf:orders.desc:shop.Order");
	*colon = '\0';
	const char *name = colon[1] == '.' ? colon + 2 : colon + 1;
	step->types = export__types_open(rest, fault);
	if (!step->types)
		return fault->code;
	step->message = export__types_find(step->types, wire_slice_str(name));
	return step->message ? 0 : unknown_type(step->types, rest, name, fault);
}

static int init_command(struct step *step, const char *text, struct wire_fault *fault)
{
	if (!text[strspn(text, " \t")])
		return wire_fault_set(fault, -EINVAL, "%s: lacks the command: cmd:jq .", names[step->kind]);
	step->command = export__command_open(text, step->kind == COMMAND ? EXPORT__LINES : EXPORT__FRAMES);
	return step->command ? 0 : wire_fault_set(fault, -ENOMEM, "out of memory");
}

static int unknown_step(const char *text, struct wire_fault *fault)
{
	char word[40];
	snprintf(word, sizeof(word), "%.*s", (int)strcspn(text, ":+"), text);
	const char *near = wire_suggest(word, names);

	return wire_fault_set(fault, -EINVAL,
			      "there is no decoder \"%s\"%s%s%s; there are msgpack, cbor, gzip, zstd, "
			      "snappy, auto, protobuf:FILE:MESSAGE, cmd:COMMAND and cmd-framed:COMMAND",
			      word, near ? " (did you mean " : "", near ? near : "", near ? "?)" : "");
}

/* Compile the step that is one link of the chain, owned by the caller and changed. */
static int init_step(struct step *step, char *text, struct wire_fault *fault)
{
	const size_t len = name_len(text);
	const bool has_rest = text[len] == ':';

	step->kind = kind_of(text);
	if (step->kind == KINDS || text[len] == '=')
		return unknown_step(text, fault);
	if (step->kind == PROTOBUF)
		return init_protobuf(step, text + len + has_rest, fault);
	if (step->kind >= COMMAND)
		return init_command(step, text + len + has_rest, fault);
	return has_rest ? wire_fault_set(fault, -EINVAL, "%s takes nothing after a colon", names[step->kind])
			: 0;
}

/* The bytes of the first link: a command is all of the rest. */
static size_t link_len(const char *text)
{
	const enum kind kind = kind_of(text);

	return kind == COMMAND || kind == COMMAND_FRAMED ? strlen(text) : strcspn(text, "+");
}

static int add_step(struct export__chain *chain, const char *text, size_t len, struct wire_fault *fault)
{
	if (chain->len == EXPORT_DECODE_STEPS_MAX)
		return wire_fault_set(fault, -EINVAL, "more than %d decoders in a chain",
				      EXPORT_DECODE_STEPS_MAX);
	char *copy = strndup(text, len);
	if (!copy)
		return wire_fault_set(fault, -ENOMEM, "out of memory");
	const int error = init_step(&chain->steps[chain->len++], copy, fault);
	free(copy);
	return error;
}

struct export__chain *export__chain_open(const char *text, struct wire_fault *fault)
{
	struct export__chain *chain = calloc(1, sizeof(*chain));
	int error = chain ? 0 : wire_fault_set(fault, -ENOMEM, "out of memory");

	for (size_t i = 0; chain && i < 2; i++)
		if (export_out_init_memory(&chain->texts[i], EXPORT_DECODE_BYTES_MAX) != 0)
			error = wire_fault_set(fault, -ENOMEM, "out of memory");
	while (!error) {
		const size_t len = link_len(text);

		error = add_step(chain, text, len, fault);
		if (!text[len])
			break;
		text += len + 1;
	}
	if (!error)
		return chain;
	export__chain_close(chain);
	return NULL;
}

const char *export__chain_describe(size_t number, const char **help)
{
	if (number >= KINDS)
		return NULL;
	*help = described[number].help;
	return described[number].form;
}

void export__chain_close(struct export__chain *chain)
{
	if (!chain)
		return;
	for (size_t i = 0; i < chain->len; i++) {
		export__types_close(chain->steps[i].types);
		export__protobuf_fini(&chain->steps[i].protobuf);
		export__command_close(chain->steps[i].command);
	}
	for (size_t i = 0; i < 2; i++)
		export_out_fini(&chain->texts[i]);
	free(chain);
}

/* ---- running ---- */

/* A run: what has become of the input so far. */
struct run {
	struct export__chain *chain;
	struct wire_slice subject, bytes;
	struct export__chained *result;
	unsigned made; /* texts that were made */
};

static struct export_out *next_text(struct run *run)
{
	struct export_out *text = &run->chain->texts[run->made % 2];

	export_out_reset(text);
	return text;
}

static void note(struct run *run, const char *name)
{
	char *by = run->result->by;
	const size_t len = strlen(by), size = sizeof(run->result->by);

	snprintf(by + len, size - len, "%s%s", len > 0 ? "+" : "", name);
}

static void take(struct run *run, struct export_out *text, const char *name)
{
	note(run, name);
	run->bytes = export_out_kept(text);
	run->made++;
}

/* Guess again after each step: a gzip body may hold msgpack. */
static void guess_all(struct run *run)
{
	enum export__guess guess = EXPORT__GUESS_NOTHING;

	for (int i = 0; i < EXPORT_DECODE_STEPS_MAX; i++) {
		struct export_out *text = next_text(run);

		guess = export__guess(run->bytes, text);
		if (guess == EXPORT__GUESS_NOTHING)
			return;
		take(run, text, export__guess_name(guess));
	}
}

static int run_values(const struct step *step, struct wire_slice in, struct export_out *out,
		      struct wire_fault *fault)
{
	struct export__values values;

	export__values_init(&values, out);
	return step->kind == CBOR ? export__cbor(in, &values, fault) : export__msgpack(in, &values, fault);
}

static int run_step(struct step *step, const struct run *run, struct export_out *out,
		    struct wire_fault *fault)
{
	switch (step->kind) {
	case MSGPACK:
	case CBOR: return run_values(step, run->bytes, out, fault);
	case GZIP: return export__gunzip(run->bytes, out, fault);
	case ZSTD: return export__unzstd(run->bytes, out, fault);
	case SNAPPY: return export__unsnappy(run->bytes, out, fault);
	case PROTOBUF:
		return export__protobuf_json(&step->protobuf, step->types, step->message, run->bytes, out,
					     fault);
	case COMMAND:
	case COMMAND_FRAMED: return export__command_ask(step->command, run->subject, run->bytes, out, fault);
	case AUTO:
	case KINDS: break;
	}
	return 0;
}

/* 0, or the code of the failure, with the reason. */
static int run_next(struct run *run, struct step *step)
{
	struct export_out *text = next_text(run);
	struct wire_fault *fault = &run->chain->fault;
	int error = run_step(step, run, text, fault);
	(void)export_out_kept(text); /* which may be the first to see that it is too large */

	if (!error && text->error == -EFBIG)
		error = wire_fault_set(fault, -EFBIG, "it becomes larger than 16 MiB");
	else if (!error && text->error)
		error = wire_fault_set(fault, text->error, "out of memory");
	if (error)
		snprintf(run->result->reason, sizeof(run->result->reason), "%s: %s", names[step->kind],
			 fault->text);
	else
		take(run, text, names[step->kind]);
	return error;
}

enum export__chain_result export__chain_run(struct export__chain *chain, struct wire_slice subject,
					    struct wire_slice in, struct export__chained *result)
{
	struct run run = {.chain = chain, .subject = subject, .bytes = in, .result = result};
	int error = 0;

	result->by[0] = result->reason[0] = '\0';
	for (size_t i = 0; i < chain->len && !error; i++) {
		struct step *step = &chain->steps[i];

		if (step->kind == AUTO)
			guess_all(&run);
		else if ((error = run_next(&run, step)) != 0 && step->command && error != -EINVAL)
			return EXPORT__CHAIN_BROKEN;
	}
	result->bytes = run.bytes;
	if (error)
		return EXPORT__CHAIN_FAILED;
	return run.made > 0 ? EXPORT__CHAIN_DONE : EXPORT__CHAIN_NOTHING;
}
