#include "export/import/reading.h"

#include "wire/conn.h"
#include "wire/json_text.h"

int export__bad_value(const struct export__reading *reading, const char *key, const char *wanted)
{
	return wire_fault_set(reading->fault, WIRE_EJSON, "\"%s\" is not %s", key, wanted);
}

bool export__read_outcome(struct wire_slice written, enum wire_outcome *outcome)
{
	for (int each = 0; each < WIRE_OUTCOMES; each++) {
		if (wire_json_says(written, wire_slice_str(wire_outcome_name(each)))) {
			*outcome = each;
			return true;
		}
	}
	return false;
}

uint64_t export__reading_conn(uint64_t number, uint64_t input)
{
	return input > 0 && input <= WIRE_CONN_INPUTS_MAX ? wire_conn_elsewhere((uint32_t)input - 1, number)
							  : number;
}
