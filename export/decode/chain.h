/* chain.h - the steps of a decoding, one after another: "gzip+msgpack", "protobuf:FILE:MESSAGE", "auto", "cmd:jq .". */
#ifndef EXPORT_DECODE_CHAIN_H
#define EXPORT_DECODE_CHAIN_H

#include "export/decode/step.h"

struct export__chain;

/* Compile. NULL with *fault, which says what is wrong with the text. */
struct export__chain *export__chain_open(const char *text, struct wire_fault *fault);
void export__chain_close(struct export__chain *chain);

/* The text begins with the name of a step: it is a chain, and no subject precedes it. */
bool export__chain_begins(const char *text);

/* The form of a step, and in *help what it does, both static. NULL after the last one. */
const char *export__chain_describe(size_t number, const char **help);

enum export__chain_result {
	EXPORT__CHAIN_DONE,
	EXPORT__CHAIN_NOTHING, /* `auto` found nothing to do */
	EXPORT__CHAIN_FAILED,  /* a step cannot decode it: see reason */
	EXPORT__CHAIN_BROKEN,  /* likewise, and the command of the chain has just failed, or failed before */
};

struct export__chained {
	struct wire_slice bytes; /* what became of the input; valid until the next run */
	char by[80];             /* the steps: "gzip+msgpack" */
	char reason[520];        /* "msgpack: the data ends in the middle of a value"; "" after success */
};

/* Run all steps. subject: of the message, for commands. */
enum export__chain_result export__chain_run(struct export__chain *chain, struct wire_slice subject,
					    struct wire_slice in, struct export__chained *result);

#endif
