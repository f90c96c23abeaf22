#include "export/import/delivered.h"

#include <errno.h>

#include "export/import/values.h"
#include "wire/json_text.h"

/* A member of an object of "delivered". */
static int read_receiver_member(struct export__reading *reading, struct wire_slice key, uint32_t at,
				uint64_t *input)
{
	struct wire_receiver *receiver = &reading->made->receivers[at];
	const struct wire_slice written = reading->token.text;
	bool is_good = export__is_number(reading); /* or a string */

	if (!is_good)
		;
	else if (wire_json_says(key, WIRE_LITERAL("conn")))
		is_good = export__value_count(written, &receiver->conn);
	else if (wire_json_says(key, WIRE_LITERAL("input")))
		is_good = export__value_count(written, input);
	else if (wire_json_says(key, WIRE_LITERAL("client")))
		reading->made->names[at] = export__made_text(reading->made, written);
	else if (wire_json_says(key, WIRE_LITERAL("sid")))
		receiver->sid = export__made_text(reading->made, written);
	else if (wire_json_says(key, WIRE_LITERAL("queue")))
		receiver->queue = export__made_text(reading->made, written);
	else if (wire_json_says(key, WIRE_LITERAL("sid_base64")))
		is_good = export__made_base64(reading->made, written, &receiver->sid);
	else if (wire_json_says(key, WIRE_LITERAL("queue_base64")))
		is_good = export__made_base64(reading->made, written, &receiver->queue);
	else if (wire_json_says(key, WIRE_LITERAL("outcome")))
		is_good = export__read_outcome(written, &receiver->outcome);
	else if (wire_json_says(key, WIRE_LITERAL("after_us")))
		is_good = export__value_us(written, &reading->made->delays_ns[at]);
	return is_good ? 0 : export__bad_value(reading, "delivered", "a list of receivers");
}

static int read_receiver(struct export__reading *reading)
{
	struct wire_json_token key;
	uint64_t input = 0;
	struct wire_receiver *receiver = export__made_receiver(reading->made);

	if (!receiver)
		return wire_fault_set(reading->fault, -ENOMEM, "out of memory");
	const uint32_t at = reading->made->event.receivers_len - 1;
	while (wire_json_next(reading->json, &key) == WIRE_JSON_KEY) {
		wire_json_next(reading->json, &reading->token);
		int error = read_receiver_member(reading, key.text, at, &input);
		if (!error && !wire_json_skip(reading->json, &reading->token))
			error = export__bad_value(reading, "delivered", "valid JSON");
		if (error)
			return error;
	}
	receiver->conn = export__reading_conn(receiver->conn, input);
	return key.kind == WIRE_JSON_OBJECT_END
		   ? 0
		   : export__bad_value(reading, "delivered", "a list of objects");
}

int export__read_delivered(struct export__reading *reading)
{
	enum wire_json_kind kind;

	if (reading->token.kind != WIRE_JSON_ARRAY)
		return export__bad_value(reading, "delivered", "an array");
	reading->made->event.receivers_len = 0;
	reading->made->event.receivers = reading->made->receivers;
	while ((kind = wire_json_next(reading->json, &reading->token)) == WIRE_JSON_OBJECT) {
		int error = read_receiver(reading);
		if (error)
			return error;
	}
	return kind == WIRE_JSON_ARRAY_END ? 0 : export__bad_value(reading, "delivered", "a list of objects");
}
