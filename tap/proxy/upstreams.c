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

/* Make the upstream of this URL known. NULL with *fault when it cannot be. */
static struct tap__upstream *know(struct tap__upstreams *upstreams, const struct tap__url *url,
				  struct wire_fault *fault)
{
	size_t bytes = (upstreams->known_count + 1) * sizeof *upstreams->known;
	struct tap__upstream **grown = realloc(upstreams->known, bytes);
	struct tap__upstream *upstream = grown ? calloc(1, sizeof *upstream) : NULL;
	if (grown)
		upstreams->known = grown;
	if (!upstream) {
		wire_fault_set(fault, -ENOMEM, "out of memory");
		return NULL;
	}
	*upstream = (struct tap__upstream){.url = *url, .is_up = true};
	net_address_text(upstream->name, sizeof upstream->name, url->host, url->port);
	if (is_numeric(url, &upstream->addresses[0]))
		upstream->address_count = 1;
	else
		look_up(upstream);
	upstreams->known[upstreams->known_count++] = upstream;
	return upstream;
}

static struct tap__upstream *find_known(const struct tap__upstreams *upstreams, const struct tap__url *url)
{
	for (size_t i = 0; i < upstreams->known_count; i++)
		if (strcmp(upstreams->known[i]->url.host, url->host) == 0 &&
		    upstreams->known[i]->url.port == url->port)
			return upstreams->known[i];
	return NULL;
}

static int read_list(struct tap__upstreams *upstreams, const char *const *urls, size_t count,
		     struct tap__upstream **list, struct wire_fault *fault)
{
	for (size_t i = 0; i < count; i++) {
		struct tap__url url;
		int error = tap__url_parse(&url, urls[i], fault);
		if (error)
			return error;
		list[i] = find_known(upstreams, &url);
		if (!list[i])
			list[i] = know(upstreams, &url, fault);
		if (!list[i])
			return -ENOMEM;
	}
	return 0;
}

int tap__upstreams_replace(struct tap__upstreams *upstreams, const char *const *urls, bool is_random,
			   struct wire_fault *fault)
{
	struct tap__upstream *list[TAP__UPSTREAMS_MAX];
	size_t count = 0;
	while (urls && urls[count])
		count++;
	if (count == 0 || count > TAP__UPSTREAMS_MAX)
		return wire_fault_set(fault, -EINVAL, "give 1 to %d servers with --upstream",
				      TAP__UPSTREAMS_MAX);
	int error = read_list(upstreams, urls, count, list, fault);
	if (error)
		return error;
	for (size_t i = 0; i < upstreams->known_count; i++)
		upstreams->known[i]->is_listed = false;
	for (size_t i = 0; i < count; i++)
		list[i]->is_listed = true;
	memcpy(upstreams->list, list, count * sizeof *list);
	upstreams->count = count;
	upstreams->is_random = is_random;
	return 0;
}

int tap__upstreams_init(struct tap__upstreams *upstreams, const char *const *urls, bool is_random,
			struct wire_fault *fault)
{
	*upstreams = (struct tap__upstreams){0};
	if (getrandom(&upstreams->random, sizeof upstreams->random, 0) < 0)
		upstreams->random = uv_hrtime();
	upstreams->random |= 1;
	int error = tap__upstreams_replace(upstreams, urls, is_random, fault);
	if (error)
		tap__upstreams_fini(upstreams);
	return error;
}

void tap__upstreams_fini(struct tap__upstreams *upstreams)
{
	for (size_t i = 0; i < upstreams->known_count; i++)
		free(upstreams->known[i]);
	free(upstreams->known);
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

/* The place of the n-th upstream that was not tried and is up, or is not; -1 when there are fewer. */
static int find(const struct tap__upstreams *upstreams, uint64_t tried, bool is_up, size_t n)
{
	for (size_t i = 0; i < upstreams->count; i++)
		if (!(tried >> i & 1) && upstreams->list[i]->is_up == is_up && n-- == 0)
			return (int)i;
	return -1;
}

static int choose(struct tap__upstreams *upstreams, uint64_t tried, bool is_up)
{
	size_t count = 0;
	while (upstreams->is_random && find(upstreams, tried, is_up, count) >= 0)
		count++;
	return find(upstreams, tried, is_up, count > 1 ? (size_t)(next_random(upstreams) % count) : 0);
}

struct tap__upstream *tap__upstreams_next(struct tap__upstreams *upstreams, uint64_t *tried)
{
	int place = choose(upstreams, *tried, true);
	if (place < 0)
		place = choose(upstreams, *tried, false);
	if (place < 0)
		return NULL;
	*tried |= UINT64_C(1) << place;
	return upstreams->list[place];
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
