#include "tap/session/undecoded.h"

#include <assert.h>

static const char *const undecoded_names[] = {
    [TAP_UNDECODED_TLS] = "TLS",
    [TAP_UNDECODED_WEBSOCKET] = "WebSocket",
    [TAP_UNDECODED_COMPRESSED] = "compressed",
    [TAP_UNDECODED_SERVERS] = "between servers",
};
static_assert(sizeof undecoded_names / sizeof *undecoded_names == TAP_UNDECODED_KINDS,
	      "a name for every kind");

const char *tap_undecoded_name(enum tap_undecoded_kind undecoded)
{
	return (unsigned)undecoded < TAP_UNDECODED_KINDS ? undecoded_names[undecoded] : "unknown";
}

static bool begins_with(struct wire_slice bytes, const char *text, size_t len)
{
	return bytes.len >= len && memcmp(bytes.data, text, len) == 0;
}

/* Operations between servers: routes, leaf nodes, gateways [nats-server, server/parser.go]. */
static bool is_between_servers(struct wire_slice bytes)
{
	static const char *const verbs[] = {"RS+ ", "RS- ", "RMSG ", "LS+ ", "LS- ", "LMSG ", "A+ ", "A- "};
	for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
		if (begins_with(bytes, verbs[i], strlen(verbs[i])))
			return true;
	return false;
}

enum tap_undecoded_kind tap__undecoded_recognise(struct wire_slice bytes)
{
	/* a TLS record of the handshake (RFC 8446, 5.1) */
	if (begins_with(bytes, "\x16\x03", bytes.len == 1 ? 1 : 2))
		return TAP_UNDECODED_TLS;
	/* the stream identifier of Snappy's framing format, which S2 shares */
	if (begins_with(bytes, "\xff\x06\x00\x00", bytes.len < 4 && bytes.len > 0 ? bytes.len : 4))
		return TAP_UNDECODED_COMPRESSED;
	return is_between_servers(bytes) ? TAP_UNDECODED_SERVERS : TAP_UNDECODED_KINDS;
}

bool tap__undecoded_is_get(struct wire_slice bytes)
{
	return begins_with(bytes, "GET ", 4);
}

bool tap__undecoded_has_info(struct wire_slice bytes)
{
	return bytes.len > 0 && memmem(bytes.data, bytes.len, "INFO {", 6) != NULL;
}
