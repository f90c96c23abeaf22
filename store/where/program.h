/* program.h - a compiled condition: comparisons, each with a jump for either outcome. Internal to store.
 *
 *	$.total > 100 && !(subject.1 == "test" || size < 1k)
 *
 *	0  size < 1k              true: reject   false: 1          cheap comparisons come first
 *	1  subject.1 == "test"    true: reject   false: 2
 *	2  $.total > 100          true: accept   false: reject
 *
 * Jumps go forward only, so that it ends after at most `count` comparisons, without a stack. */
#ifndef STORE_WHERE_PROGRAM_H
#define STORE_WHERE_PROGRAM_H

#include "store/where/number.h"
#include "wire/json_path.h"
#include "wire/regex.h"

enum {
	STORE__WHERE_TESTS_MAX = 64,     /* comparisons: one bit each */
	STORE__WHERE_NESTING_MAX = 32,   /* parentheses inside one another */
	STORE__WHERE_TEXT_MAX = 4096,    /* bytes of the expression */
	STORE__WHERE_SCRATCH = 64 << 10, /* bytes of a JSON string with escapes that are compared */
	/* Jump targets besides the comparisons. */
	STORE__WHERE_ACCEPT = 64,
	STORE__WHERE_REJECT = 65,
};

enum store__where_operand {
	STORE__WHERE_JSON,
	STORE__WHERE_HEADER,
	STORE__WHERE_SUBJECT,
	STORE__WHERE_TOKEN, /* of the subject */
	STORE__WHERE_REPLY,
	STORE__WHERE_PAYLOAD,
	STORE__WHERE_SIZE,
	STORE__WHERE_TIME,
	STORE__WHERE_CLOCK,
	STORE__WHERE_SEQ,
	STORE__WHERE_KIND,
	STORE__WHERE_CLIENT,
	STORE__WHERE_CONN,
	STORE__WHERE_RECEIVERS,
	STORE__WHERE_DROPPED,
	STORE__WHERE_QUEUE,
	STORE__WHERE_EVENT_TEXT,
	STORE__WHERE_OPERANDS
};

enum store__where_operator {
	STORE__WHERE_HOLDS, /* no comparison: the value is there, and neither false nor null */
	STORE__WHERE_EQUAL,
	STORE__WHERE_NOT_EQUAL,
	STORE__WHERE_LESS,
	STORE__WHERE_LESS_EQUAL,
	STORE__WHERE_GREATER,
	STORE__WHERE_GREATER_EQUAL,
	STORE__WHERE_MATCHES,
	STORE__WHERE_MATCHES_NOT,
};

/* Facts about an event that an operand needs. */
enum {
	STORE__NEEDS_SUBJECT = 1 << 0,
	STORE__NEEDS_NUMBERS =
	    1 << 1,                   /* kind, flags, seq, time, conn, and the sizes of headers and payload */
	STORE__NEEDS_CLIENT = 1 << 2, /* the description of its connection */
	STORE__NEEDS_RECEIVERS = 1 << 3, /* with final outcomes */
	STORE__NEEDS_DETAILS = 1 << 4,   /* reply subject, queue group, text */
	STORE__NEEDS_CONTENT = 1 << 5,   /* headers and payload */
	STORE__NEEDS_ALL = (1 << 6) - 1,
};

struct store__where_constant {
	enum { STORE__TEXT, STORE__NUMBER, STORE__TRUE, STORE__FALSE, STORE__NULL } kind;
	char *text; /* owned; of STORE__TEXT */
	size_t len;
	struct store__number number; /* a time in nanoseconds since the epoch, or since midnight (clock) */
};

struct store__where_test {
	enum store__where_operand operand;
	enum store__where_operator operator;
	struct store__where_constant constant;
	struct wire_json_path *path; /* owned; JSON */
	char *name;                  /* owned; HEADER: its key */
	uint32_t token;              /* TOKEN: counted from 1 */
	struct wire_regex *regex;    /* owned; MATCHES, MATCHES_NOT */
	unsigned needs;              /* STORE__NEEDS_ bits */
	uint8_t on_true, on_false;   /* index of the next comparison, ACCEPT or REJECT */
};

/* Memory for evaluating. */
struct store__where_memory {
	struct wire_json json;
	/* The offset of local time, which changes only at whole quarters of an hour. */
	bool utc, is_known;
	int64_t quarter, offset_ns;
	char text[STORE__WHERE_SCRATCH]; /* a JSON string without its escapes */
};

struct store__where {
	struct store__where_test tests[STORE__WHERE_TESTS_MAX];
	uint32_t count;
	uint64_t subject_tests;             /* a bit for each test that needs the subject alone */
	unsigned needs;                     /* of all tests */
	struct store__where_memory *memory; /* owned */
};

#endif
