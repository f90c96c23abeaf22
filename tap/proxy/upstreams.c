#include "tap/proxy/upstreams.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>
#include <uv.h>

enum { CHECK_UP_MS = 10000, CHECK_DOWN_MS = 250, CHECK_DOWN_MAX_MS = 10000 };

static void resolve_numeric(struct tap__upstream *upstream)
{
	const struct tap__url *url = &upstream->url;
	upstream->is_resolved =
	    uv_ip4_addr(url->host, url->port, (struct sockaddr_in *)&upstream->address) == 0 ||
	    uv_ip6_addr(url->host, url->port, (struct sockaddr_in6 *)&upstream->address) == 0;
}

static int add(struct tap__upstreams *upstreams, const char *text, struct wire_fault *fault)
{
	struct tap__upstream *upstream = &upstreams->list[upstreams->count];
	*upstream = (struct tap__upstream){.is_up = true};
	int error = tap__url_parse(&upstream->url, text, fault);
	if (error)
		return error;
	net_address_text(upstream->name, sizeof upstream->name, upstream->url.host, upstream->url.port);
	resolve_numeric(upstream);
	upstreams->count++;
	return 0;
}

int tap__upstreams_init(struct tap__upstreams *upstreams, const char *const *urls, bool is_random,
			struct wire_fault *fault)
{
	size_t count = 0;
	while (urls && urls[count])
		count++;
	if (count == 0 || count > TAP__UPSTREAMS_MAX)
		return wire_fault_set(fault, -EINVAL, "give 1 to %d servers with --upstream",
				      TAP__UPSTREAMS_MAX);
	*upstreams =
	    (struct tap__upstreams){.list = calloc(count, sizeof *upstreams->list), .is_random = is_random};
	if (!upstreams->list)
		return wire_fault_set(fault, -ENOMEM, "out of memory");
	if (getrandom(&upstreams->random, sizeof upstreams->random, 0) < 0)
		upstreams->random = uv_hrtime();
	upstreams->random |= 1;
	int error = 0;
	for (size_t i = 0; i < count && error == 0; i++)
		error = add(upstreams, urls[i], fault);
	if (error)
		tap__upstreams_fini(upstreams);
	return error;
}

void tap__upstreams_fini(struct tap__upstreams *upstreams)
{
	free(upstreams->list);
	*upstreams = (struct tap__upstreams){0};
}

/* xorshift64: which server gets a client need not be unpredictable. */
static uint64_t next_random(struct tap__upstreams *upstreams)
{
	upstreams->random ^= upstreams->random << 13;
	upstreams->random ^= upstreams->random >> 7;
	upstreams->random ^= upstreams->random << 17;
	return upstreams->random;
}

/* The n-th upstream that was not tried and is up, or is not; NULL when there are fewer. */
static struct tap__upstream *find(struct tap__upstreams *upstreams, uint64_t tried, bool is_up, size_t n)
{
	for (size_t i = 0; i < upstreams->count; i++)
		if (!(tried >> i & 1) && upstreams->list[i].is_up == is_up && n-- == 0)
			return &upstreams->list[i];
	return NULL;
}

static struct tap__upstream *choose(struct tap__upstreams *upstreams, uint64_t tried, bool is_up)
{
	size_t count = 0;
	while (upstreams->is_random && find(upstreams, tried, is_up, count))
		count++;
	return find(upstreams, tried, is_up, count > 1 ? (size_t)(next_random(upstreams) % count) : 0);
}

struct tap__upstream *tap__upstreams_next(struct tap__upstreams *upstreams, uint64_t *tried)
{
	struct tap__upstream *upstream = choose(upstreams, *tried, true);
	if (!upstream)
		upstream = choose(upstreams, *tried, false);
	if (upstream)
		*tried |= UINT64_C(1) << (upstream - upstreams->list);
	return upstream;
}

bool tap__upstreams_are_left(const struct tap__upstreams *upstreams, uint64_t tried)
{
	for (size_t i = 0; i < upstreams->count; i++)
		if (!(tried >> i & 1))
			return true;
	return false;
}

bool tap__upstream_answered(struct tap__upstream *upstream)
{
	bool is_change = !upstream->is_up;
	upstream->is_up = true;
	upstream->failures = 0;
	return is_change;
}

bool tap__upstream_failed(struct tap__upstream *upstream)
{
	bool is_change = upstream->is_up;
	upstream->is_up = false;
	upstream->failures++;
	upstream->total_failures++;
	return is_change;
}

uint64_t tap__upstream_check_ms(const struct tap__upstream *upstream)
{
	unsigned doublings = upstream->failures < 10 ? upstream->failures : 10;
	uint64_t delay_ms = (uint64_t)CHECK_DOWN_MS << doublings >> 1;
	if (upstream->is_up)
		return CHECK_UP_MS;
	return delay_ms < CHECK_DOWN_MAX_MS ? delay_ms : CHECK_DOWN_MAX_MS;
}
