/* parties.h - who takes part in a sequence: services, the server, and clients that are not known; numbered as they first appear. */
#ifndef EXPORT_SEQUENCE_PARTIES_H
#define EXPORT_SEQUENCE_PARTIES_H

#include "trace/names.h"

enum export_party_kind {
	EXPORT_PARTY_OTHERS, /* services that found no room */
	EXPORT_PARTY_SERVICE,
	EXPORT_PARTY_SERVER,
	EXPORT_PARTY_UNKNOWN
};

/* The party of number 0 is that of the others, whether anybody belongs to it or not. */
enum { EXPORT_PARTIES_MAX = 200 };

struct export_parties {
	struct trace_names names; /* the kind, a digit, before the name */
};

/* 0 or -ENOMEM. In either case call export_parties_fini. */
int export_parties_init(struct export_parties *parties);
void export_parties_fini(struct export_parties *parties);

/* The number of a service; that of the others when it is new and there is no room. */
uint32_t export_parties_service(struct export_parties *parties, struct wire_slice name);
/* The number of the party of another kind. */
uint32_t export_parties_other(struct export_parties *parties, enum export_party_kind kind);

static inline uint32_t export_parties_count(const struct export_parties *parties)
{
	return parties->names.len;
}

enum export_party_kind export_party_kind(const struct export_parties *parties, uint32_t number);
/* "billing", "(server)", "(unknown)", "(others)". Valid until fini. */
struct wire_slice export_party_name(const struct export_parties *parties, uint32_t number);

#endif
