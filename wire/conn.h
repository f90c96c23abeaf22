/* conn.h - connection numbers in events of several inputs.
 *
 * A connection's number is unique within one input. An event names connections of its own input by their numbers, and
 * those of another one (the receivers of a message in a cluster that is read as one) by that input + 1 above bit 48. */
#ifndef WIRE_CONN_H
#define WIRE_CONN_H

#include <stdint.h>

enum { WIRE_CONN_BITS = 48, WIRE_CONN_INPUTS_MAX = 1 << 15 };

/* The connection `conn` of another input, 0 for the first. */
static inline uint64_t wire_conn_elsewhere(uint32_t input, uint64_t conn)
{
	return conn | (uint64_t)(input + 1) << WIRE_CONN_BITS;
}

/* The input of a connection of an event that came from `own`. */
static inline uint32_t wire_conn_input(uint64_t conn, uint32_t own)
{
	const uint32_t above = (uint32_t)(conn >> WIRE_CONN_BITS);
	return above > 0 && above <= WIRE_CONN_INPUTS_MAX ? above - 1 : own;
}

/* Its number there. */
static inline uint64_t wire_conn_number(uint64_t conn)
{
	return conn >> WIRE_CONN_BITS <= WIRE_CONN_INPUTS_MAX ? conn & ((UINT64_C(1) << WIRE_CONN_BITS) - 1)
							      : conn;
}

#endif
