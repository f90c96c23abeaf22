#include "store/where/describe.h"

#include "store/where/operands.h"

const char *store_where_describe(size_t number, const char **help)
{
	if (number >= STORE__WHERE_OPERANDS)
		return NULL;
	const struct store__operand *operand = store__operand((enum store__where_operand)number);
	*help = operand->help;
	return operand->name;
}
