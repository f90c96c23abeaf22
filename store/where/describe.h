/* describe.h - the operands of conditions, for help texts. */
#ifndef STORE_WHERE_DESCRIBE_H
#define STORE_WHERE_DESCRIBE_H

#include <stddef.h>

/* The name of an operand, and in *help what it is, both static. NULL after the last one. */
const char *store_where_describe(size_t number, const char **help);

#endif
