/* constant.h - what a comparison compares with: read from its token as the operand's type demands. Internal to store. */
#ifndef STORE_WHERE_CONSTANT_H
#define STORE_WHERE_CONSTANT_H

#include "store/where/lexer.h"
#include "store/where/where.h"

/* Fill in test->constant, and test->regex for ~ and !~; the operand and the operator are set. 0; STORE_EFILTER with *fault:
 * the token is no value, or none that goes with them; or -ENOMEM. */
int store__where_constant(struct store__where_test *test, const struct store__token *token,
			  const struct store__lexer *lexer, const struct store_where_times *times,
			  struct wire_fault *fault);

#endif
