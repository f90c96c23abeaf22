#include "tap/proxy/upstreams.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <uv.h>

enum { CHECK_UP_MS = 10000, CHECK_DOWN_MS = 250, CHECK_DOWN_MAX_MS = 10000 };

/* ---- addresses ---- */

static bool is_numeric(const struct tap__url *url, struct sockaddr_storage *address)
{
	return uv_ip4_addr(url->host, url->port, (struct sockaddr_in *)address) == 0 ||
	       uv_ip6_addr(url->host, url->port, (struct sockaddr_in6 *)address) == 0;
}

bool tap__upstream_has_name(const struct tap__upstream *upstream)
{
	struct sockaddr_storage address;
	return !is_numeric(&upstream->url, &address);
}

void tap__upstream_set_addresses(struct tap__upstream *upstream, const struct addrinfo *found)
{
	struct sockaddr_storage used = upstream->addresses[upstream->address_at];
	upstream->address_count = upstream->address_at = 0;
	for (; found && upstream->address_count < TAP__UPSTREAM_ADDRESSES; found = found->ai_next) {
		struct sockaddr_storage *address = &upstream->addresses[upstream->address_count];
		*address = (struct sockaddr_storage){0};
		memcpy(address, found->ai_addr, found->ai_addrlen);
		if (memcmp(address, &used, sizeof used) == 0)
			upstream->address_at = upstream->address_count;
		upstream->address_count++;
	}
}

static void look_up(struct tap__upstream *upstream)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
	struct addrinfo *found = NULL;
	char service[16];
	snprintf(service, sizeof service, "%d", upstream->url.port);
	if (getaddrinfo(upstream->url.host, service, &hints, &found) != 0)
		return;
	tap__upstream_set_addresses(upstream, found);
	freeaddrinfo(found);
}

/* ---- the list ---- */

static int add(struct tap__upstreams *upstreams, const char *text, struct wire_fault *fault)
{
	struct tap__upstream *upstream = &upstreams->list[upstreams->count];
	*upstream = (struct tap__upstream){.is_up = true};
	int error = tap__url_parse(&upstream->url, text, fault);
	if (error)
		return error;
	net_address_text(upstream->name, sizeof upstream->name, upstream->url.host, upstream->url.port);
	if (is_numeric(&upstream->url, &upstream->addresses[0]))
		upstream->address_count = 1;
	else
		look_up(upstream);
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

/* ---- choosing ---- */

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
	if (upstream->address_count > 0)
		upstream->address_at = (upstream->address_at + 1) % upstream->address_count;
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
