#define PCRE2_CODE_UNIT_WIDTH 8
#include "wire/regex.h"

#include <errno.h>
#include <pcre2.h>
#include <stdlib.h>

/* Bounds on the steps and the memory that a pattern may take on one text. */
enum { MATCH_LIMIT = 1000000, DEPTH_LIMIT = 1000, HEAP_LIMIT_KIB = 16384 };
enum { JIT_STACK_BYTES = 32 << 10, JIT_STACK_BYTES_MAX = 1 << 20 };

struct wire_regex {
	pcre2_code *code;
	pcre2_match_context *limits;
	pcre2_match_data *match;
	pcre2_jit_stack *stack;
};

void wire_regex_close(struct wire_regex *regex)
{
	if (!regex)
		return;
	pcre2_code_free(regex->code);
	pcre2_match_context_free(regex->limits);
	pcre2_match_data_free(regex->match);
	pcre2_jit_stack_free(regex->stack);
	free(regex);
}

/* Allocate memory for matching, with its bounds. 0 or -ENOMEM. */
static int prepare(struct wire_regex *regex)
{
	regex->match = pcre2_match_data_create(1, NULL);
	regex->stack = pcre2_jit_stack_create(JIT_STACK_BYTES, JIT_STACK_BYTES_MAX, NULL);
	regex->limits = pcre2_match_context_create(NULL);
	if (!regex->match || !regex->stack || !regex->limits)
		return -ENOMEM;
	pcre2_jit_stack_assign(regex->limits, NULL, regex->stack);
	pcre2_set_match_limit(regex->limits, MATCH_LIMIT);
	pcre2_set_depth_limit(regex->limits, DEPTH_LIMIT);
	pcre2_set_heap_limit(regex->limits, HEAP_LIMIT_KIB);
	return 0;
}

static int compile(struct wire_regex *regex, struct wire_slice pattern, struct wire_fault *fault)
{
	int number;
	PCRE2_SIZE at;
	PCRE2_UCHAR why[160];
	PCRE2_SPTR text = (PCRE2_SPTR)(pattern.data ? pattern.data : "");
	regex->code = pcre2_compile(text, pattern.len, PCRE2_NEVER_UTF, &number, &at, NULL);
	if (regex->code) {
		pcre2_jit_compile(regex->code, PCRE2_JIT_COMPLETE); /* without JIT, it is interpreted */
		return 0;
	}
	pcre2_get_error_message(number, why, sizeof why);
	return wire_fault_set(fault, STORE_EFILTER, "regular expression \"%.*s\", at character %zu: %s",
			      (int)pattern.len, pattern.data, (size_t)at + 1, (const char *)why);
}

int wire_regex_open(struct wire_regex **regex, struct wire_slice pattern, struct wire_fault *fault)
{
	struct wire_regex *made = calloc(1, sizeof *made);
	if (!made)
		return wire_fault_set(fault, -ENOMEM, "out of memory");
	int error = compile(made, pattern, fault);
	if (!error && (error = prepare(made)) != 0)
		wire_fault_set(fault, error, "out of memory");
	if (error) {
		wire_regex_close(made);
		return error;
	}
	*regex = made;
	return 0;
}

/* As pcre2_match. Compiled code that runs out of stack is interpreted instead, in bounds of its own. */
static int match(const struct wire_regex *regex, struct wire_slice text, size_t from)
{
	PCRE2_SPTR bytes = (PCRE2_SPTR)(text.data ? text.data : "");
	int found = pcre2_match(regex->code, bytes, text.len, from, 0, regex->match, regex->limits);
	if (found == PCRE2_ERROR_JIT_STACKLIMIT)
		found = pcre2_match(regex->code, bytes, text.len, from, PCRE2_NO_JIT, regex->match,
				    regex->limits);
	return found;
}

bool wire_regex_finds(const struct wire_regex *regex, struct wire_slice text)
{
	return match(regex, text, 0) >= 0;
}

int wire_regex_next(const struct wire_regex *regex, struct wire_slice text, size_t from,
		    struct wire_slice *found)
{
	int result = match(regex, text, from);
	if (result < 0)
		return result == PCRE2_ERROR_NOMATCH ? 0 : -1;
	const PCRE2_SIZE *ends = pcre2_get_ovector_pointer(regex->match);
	/* \K in a lookahead can put the start after the end. */
	size_t start = ends[0] < ends[1] ? ends[0] : ends[1];
	*found = wire_slice(text.data + start, ends[1] - start);
	return 1;
}
