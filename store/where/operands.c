#include "store/where/operands.h"

static const struct store__operand operands[] = {
    [STORE__WHERE_JSON] = {"$", "what a JSON payload has there: $.total, $.items[0].id, $.items[*].id, $..id",
			   STORE__TYPE_JSON, STORE__NEEDS_NUMBERS | STORE__NEEDS_CONTENT, 200},
    [STORE__WHERE_HEADER] = {"header", "header.NAME: a value of this header, its key in any case",
			     STORE__TYPE_TEXT, STORE__NEEDS_NUMBERS | STORE__NEEDS_CONTENT, 50},
    [STORE__WHERE_SUBJECT] = {"subject", "the subject", STORE__TYPE_TEXT, STORE__NEEDS_SUBJECT, 5},
    [STORE__WHERE_TOKEN] = {"subject.N", "its token number N, from 1", STORE__TYPE_TEXT, STORE__NEEDS_SUBJECT,
			    10},
    [STORE__WHERE_REPLY] = {"reply", "the reply subject", STORE__TYPE_TEXT, STORE__NEEDS_DETAILS, 5},
    [STORE__WHERE_PAYLOAD] = {"payload", "the payload as text", STORE__TYPE_TEXT,
			      STORE__NEEDS_NUMBERS | STORE__NEEDS_CONTENT, 50},
    [STORE__WHERE_SIZE] = {"size", "bytes of the payload: size > 64KiB", STORE__TYPE_NUMBER,
			   STORE__NEEDS_NUMBERS, 1},
    [STORE__WHERE_TIME] = {"time", "compared with a TIME as of --since: time >= \"14:03\"", STORE__TYPE_TIME,
			   STORE__NEEDS_NUMBERS, 1},
    [STORE__WHERE_CLOCK] = {"clock", "time of day: clock >= \"22:00\"", STORE__TYPE_CLOCK,
			    STORE__NEEDS_NUMBERS, 3},
    [STORE__WHERE_SEQ] = {"seq", "sequence number", STORE__TYPE_NUMBER, STORE__NEEDS_NUMBERS, 1},
    [STORE__WHERE_KIND] = {"kind", "\"message\", \"connect\", \"error\", ...", STORE__TYPE_KIND,
			   STORE__NEEDS_NUMBERS, 2},
    [STORE__WHERE_CLIENT] = {"client", "name of the client, or its address when it has none",
			     STORE__TYPE_TEXT, STORE__NEEDS_NUMBERS | STORE__NEEDS_CLIENT, 30},
    [STORE__WHERE_CONN] = {"conn", "number of its connection", STORE__TYPE_NUMBER, STORE__NEEDS_NUMBERS, 1},
    [STORE__WHERE_RECEIVERS] = {"receivers", "how many received the message, where that is known",
				STORE__TYPE_NUMBER, STORE__NEEDS_NUMBERS | STORE__NEEDS_RECEIVERS, 2},
    [STORE__WHERE_DROPPED] = {"dropped", "how many should have received it and did not", STORE__TYPE_NUMBER,
			      STORE__NEEDS_NUMBERS | STORE__NEEDS_RECEIVERS, 3},
    [STORE__WHERE_QUEUE] = {"queue", "a queue group of the receivers, or of the subscription",
			    STORE__TYPE_TEXT, STORE__NEEDS_RECEIVERS | STORE__NEEDS_DETAILS, 20},
    [STORE__WHERE_EVENT_TEXT] = {"text", "text of an error or a mark, reason of a disconnect",
				 STORE__TYPE_TEXT, STORE__NEEDS_DETAILS, 5},
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
