#include "store/filter/client.h"

#include <inttypes.h>
#include <stdio.h>

#include "wire/conn.h"

/* "10.0.0.7:53122" and "[::1]:53122" are found with and without their port, the latter also without brackets. */
static bool is_address(struct wire_slice address, struct wire_slice wanted)
{
	const char *colon = address.len > 0 ? memrchr(address.data, ':', address.len) : NULL;
	if (!colon || wire_slice_equal(address, wanted))
		return address.len > 0 && wire_slice_equal(address, wanted);
	struct wire_slice ip = wire_slice(address.data, (size_t)(colon - address.data));
	if (wire_slice_equal(ip, wanted))
		return true;
	return ip.len >= 2 && ip.data[0] == '[' &&
	       wire_slice_equal(wire_slice(ip.data + 1, ip.len - 2), wanted);
}

static bool is_number(const char *wanted, uint64_t conn)
{
	char digits[24];
	if (*wanted < '1' || *wanted > '9')
		return false;
	snprintf(digits, sizeof digits, "%" PRIu64, conn);
	return strcmp(digits, wanted) == 0;
}

bool store__filter_is_client(const char *wanted, uint64_t conn, const struct wire_client *client)
{
	struct wire_slice text = wire_slice_str(wanted);
	if (client && (wire_slice_equal(client->name, text) || is_address(client->address, text)))
		return true;
	return conn > 0 && is_number(wanted, wire_conn_number(conn));
}
