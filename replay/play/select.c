#include "replay/play/select.h"

static const struct {
	const char *key, *text;
} omissions[] = {
#define REPLAY_OMISSION_ROW(name, key, text) {key, text},
    REPLAY_OMISSIONS(REPLAY_OMISSION_ROW)
#undef REPLAY_OMISSION_ROW
};

const char *replay_omission_text(enum replay_omission omission)
{
	return omissions[omission].text;
}

const char *replay_omission_key(enum replay_omission omission)
{
	return omissions[omission].key;
}

static bool starts_with(struct wire_slice subject, struct wire_slice prefix)
{
	return subject.len >= prefix.len && memcmp(subject.data, prefix.data, prefix.len) == 0;
}

/* Servers use these subjects among themselves and for their clients: playing them would confuse both. _GR_ and _R_ are
 * replies through gateways and to imported services, $MQTT are sessions of MQTT clients. */
static bool is_internal(struct wire_slice subject)
{
	const struct wire_slice prefixes[] = {
	    WIRE_LITERAL("$SYS."), WIRE_LITERAL("$JS."),   WIRE_LITERAL("$JSC."), WIRE_LITERAL("$NRG."),
	    WIRE_LITERAL("$GR."),  WIRE_LITERAL("$MQTT."), WIRE_LITERAL("_R_."),  WIRE_LITERAL("_GR_.")};

	if (subject.len == 0 || (subject.data[0] != '$' && subject.data[0] != '_'))
		return false;
	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
		if (starts_with(subject, prefixes[i]))
			return true;
	return false;
}

/* The finalizer of splitmix64, so that consecutive connection numbers are spread over the shards. */
static uint64_t mix(uint64_t x)
{
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
	x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
	return x ^ (x >> 31);
}

bool replay_select_is_live(const struct replay_select *select, const struct wire_client *client)
{
	if (!client)
		return false;
	for (const char *const *name = select->live; name && *name; name++)
		if (wire_slice_equal(wire_slice_str(*name), client->name))
			return true;
	return false;
}

bool replay_select_wants(const struct replay_select *select, const struct wire_event *message,
			 struct wire_source *source)
{
	return message->seq > select->after_seq && replay_range_holds(select->range, message) &&
	       (!select->filter || store_filter_event(select->filter, message, source));
}

enum replay_omission replay_select_judge(const struct replay_select *select, const struct wire_event *message,
					 const struct wire_client *client)
{
	if (!select->internal && is_internal(message->subject))
		return REPLAY_OMIT_INTERNAL;
	if (select->live && replay_select_is_live(select, client))
		return REPLAY_OMIT_LIVE;
	if (message->subject.len == 0 || memchr(message->subject.data, '\0', message->subject.len) ||
	    (message->reply.len > 0 && memchr(message->reply.data, '\0', message->reply.len)))
		return REPLAY_OMIT_SUBJECT;
	if (message->flags & (WIRE_EVENT_CUT | WIRE_EVENT_PARTIAL))
		return REPLAY_OMIT_INCOMPLETE;
	if (select->shards > 1 && mix(message->conn) % select->shards != select->shard)
		return REPLAY_OMIT_OTHER_SHARD;
	return REPLAY_PLAYED;
}
