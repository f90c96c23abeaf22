#include "store/where/operands.h"

static const struct store__operand operands[] = {
    [STORE__WHERE_JSON] = {"$", STORE__TYPE_JSON, STORE__NEEDS_NUMBERS | STORE__NEEDS_CONTENT, 200},
    [STORE__WHERE_HEADER] = {"header", STORE__TYPE_TEXT, STORE__NEEDS_NUMBERS | STORE__NEEDS_CONTENT, 50},
    [STORE__WHERE_SUBJECT] = {"subject", STORE__TYPE_TEXT, STORE__NEEDS_SUBJECT, 5},
    [STORE__WHERE_TOKEN] = {"subject.N", STORE__TYPE_TEXT, STORE__NEEDS_SUBJECT, 10},
    [STORE__WHERE_REPLY] = {"reply", STORE__TYPE_TEXT, STORE__NEEDS_DETAILS, 5},
    [STORE__WHERE_PAYLOAD] = {"payload", STORE__TYPE_TEXT, STORE__NEEDS_NUMBERS | STORE__NEEDS_CONTENT, 50},
    [STORE__WHERE_SIZE] = {"size", STORE__TYPE_NUMBER, STORE__NEEDS_NUMBERS, 1},
    [STORE__WHERE_TIME] = {"time", STORE__TYPE_TIME, STORE__NEEDS_NUMBERS, 1},
    [STORE__WHERE_CLOCK] = {"clock", STORE__TYPE_CLOCK, STORE__NEEDS_NUMBERS, 3},
    [STORE__WHERE_SEQ] = {"seq", STORE__TYPE_NUMBER, STORE__NEEDS_NUMBERS, 1},
    [STORE__WHERE_KIND] = {"kind", STORE__TYPE_KIND, STORE__NEEDS_NUMBERS, 2},
    [STORE__WHERE_CLIENT] = {"client", STORE__TYPE_TEXT, STORE__NEEDS_NUMBERS | STORE__NEEDS_CLIENT, 30},
    [STORE__WHERE_CONN] = {"conn", STORE__TYPE_NUMBER, STORE__NEEDS_NUMBERS, 1},
    [STORE__WHERE_RECEIVERS] = {"receivers", STORE__TYPE_NUMBER,
				STORE__NEEDS_NUMBERS | STORE__NEEDS_RECEIVERS, 2},
    [STORE__WHERE_DROPPED] = {"dropped", STORE__TYPE_NUMBER, STORE__NEEDS_NUMBERS | STORE__NEEDS_RECEIVERS,
			      3},
    [STORE__WHERE_QUEUE] = {"queue", STORE__TYPE_TEXT, STORE__NEEDS_RECEIVERS | STORE__NEEDS_DETAILS, 20},
    [STORE__WHERE_EVENT_TEXT] = {"text", STORE__TYPE_TEXT, STORE__NEEDS_DETAILS, 5},
};

const struct store__operand *store__operand(enum store__where_operand operand)
{
	return &operands[operand];
}

enum store__where_operand store__operand_find(struct wire_slice name)
{
	for (int i = 0; i < STORE__WHERE_OPERANDS; i++)
		if (wire_slice_equal(name, wire_slice_str(operands[i].name)))
			return (enum store__where_operand)i;
	return STORE__WHERE_OPERANDS;
}
