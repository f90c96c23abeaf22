#include "export/sequence/parties.h"

#include <errno.h>

enum { NAME_BYTES = 256 };

static uint32_t number_of(struct export_parties *parties, enum export_party_kind kind, struct wire_slice name)
{
	char key[1 + NAME_BYTES] = {(char)('0' + kind)};
	const size_t len = name.len < NAME_BYTES ? name.len : NAME_BYTES;

	if (len > 0)
		memcpy(key + 1, name.data, len);
	uint32_t number = trace_names_number(&parties->names, wire_slice(key, 1 + len), EXPORT_PARTIES_MAX);
	return number == TRACE_NO_NAME ? 0 : number;
}

static struct wire_slice name_of_kind(enum export_party_kind kind)
{
	switch (kind) {
	case EXPORT_PARTY_SERVER: return WIRE_LITERAL("(server)");
	case EXPORT_PARTY_UNKNOWN: return WIRE_LITERAL("(unknown)");
	default: return WIRE_LITERAL("(others)");
	}
}

int export_parties_init(struct export_parties *parties)
{
	*parties = (struct export_parties){0};
	export_parties_other(parties, EXPORT_PARTY_OTHERS);
	return parties->names.len == 1 ? 0 : -ENOMEM;
}

void export_parties_fini(struct export_parties *parties)
{
	trace_names_fini(&parties->names);
}

uint32_t export_parties_service(struct export_parties *parties, struct wire_slice name)
{
	return number_of(parties, EXPORT_PARTY_SERVICE, name);
}

uint32_t export_parties_other(struct export_parties *parties, enum export_party_kind kind)
{
	return number_of(parties, kind, name_of_kind(kind));
}

enum export_party_kind export_party_kind(const struct export_parties *parties, uint32_t number)
{
	return (enum export_party_kind)(trace_names_text(&parties->names, number).data[0] - '0');
}

struct wire_slice export_party_name(const struct export_parties *parties, uint32_t number)
{
	const struct wire_slice key = trace_names_text(&parties->names, number);

	return wire_slice(key.data + 1, key.len - 1);
}
