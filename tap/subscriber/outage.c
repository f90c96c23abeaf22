#include "tap/subscriber/outage.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void tap__outage_init(struct tap__outage *outage, struct tap__notices *notices)
{
	*outage = (struct tap__outage){.notices = notices};
	pthread_mutex_init(&outage->lock, NULL);
}

void tap__outage_fini(struct tap__outage *outage)
{
	pthread_mutex_destroy(&outage->lock);
}

static void open_unless_open(struct tap__outage *outage, int64_t from_ns, const char *why)
{
	if (outage->is_open)
		return;
	outage->is_open = true;
	outage->from_ns = from_ns;
	outage->losses = 0;
	snprintf(outage->why, sizeof outage->why, "%s%s", why, outage->early);
	outage->early[0] = '\0';
}

void tap__outage_begin(struct tap__outage *outage, uint64_t number, int64_t from_ns, const char *why)
{
	pthread_mutex_lock(&outage->lock);
	open_unless_open(outage, from_ns, why);
	outage->number = number;
	outage->losses++;
	pthread_mutex_unlock(&outage->lock);
}

void tap__outage_note(struct tap__outage *outage, int64_t from_ns, const char *why)
{
	pthread_mutex_lock(&outage->lock);
	open_unless_open(outage, from_ns, why);
	pthread_mutex_unlock(&outage->lock);
}

void tap__outage_explain(struct tap__outage *outage, const char *reason)
{
	pthread_mutex_lock(&outage->lock);
	size_t len = strlen(outage->why);
	if (outage->is_open && outage->losses == 1)
		snprintf(outage->why + len, sizeof outage->why - len, ", server: %s", reason);
	if (!outage->is_open)
		snprintf(outage->early, sizeof outage->early, ", server: %s", reason);
	pthread_mutex_unlock(&outage->lock);
}

/* "not connected for 1.234 s: Connection Closed; reconnected to nats://b:4222" */
static void describe(const struct tap__outage *outage, int64_t now_ns, const char *url, char *text,
		     size_t size)
{
	char again[64] = "";
	if (outage->losses > 1)
		snprintf(again, sizeof again, "; lost %" PRIu64 " times meanwhile", outage->losses);
	snprintf(text, size, "not connected for %.3f s: %s%s; %s%s", (double)(now_ns - outage->from_ns) / 1e9,
		 outage->why, again, *url ? "reconnected to " : "not reconnected until the recording ended",
		 url);
}

bool tap__outage_end(struct tap__outage *outage, uint64_t number, int64_t now_ns, const char *url)
{
	char text[1024];
	pthread_mutex_lock(&outage->lock);
	bool is_over = outage->is_open && (outage->number == number || !*url);
	if (is_over) {
		describe(outage, now_ns, url, text, sizeof text);
		const struct wire_event gap = {.kind = WIRE_EVENT_GAP,
					       .time_ns = now_ns,
					       .from_ns = outage->from_ns,
					       .to_ns = now_ns,
					       .text = wire_slice_str(text)};
		tap__notices_add(outage->notices, &gap);
		outage->is_open = false;
		outage->count++;
		outage->total_ns += now_ns - outage->from_ns;
	}
	pthread_mutex_unlock(&outage->lock);
	return is_over;
}
