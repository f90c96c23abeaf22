#include "tap/proxy/rules.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tap/proxy/url.h"

static size_t count(const char *const *list)
{
	size_t len = 0;
	while (list && list[len])
		len++;
	return len;
}

/* A URL as it stands in INFO: "host:port". */
static int read_address(char address[NET_ADDRESS_TEXT], const char *text, struct wire_fault *fault)
{
	struct tap__url url;
	int error = tap__url_parse(&url, text, fault);
	if (error == 0)
		net_address_text(address, NET_ADDRESS_TEXT, url.host, url.port);
	return error;
}

static int read_map(struct tap__url_map *map, const char *text, struct wire_fault *fault)
{
	char from[NET_ADDRESS_TEXT];
	const char *equals = strchr(text, '=');
	size_t len = equals ? (size_t)(equals - text) : 0;
	if (!equals || len >= sizeof from)
		return wire_fault_set(fault, -EINVAL, "%.300s: not of the form A=B", text);
	memcpy(from, text, len);
	from[len] = '\0';
	int error = read_address(map->from, from, fault);
	return error ? error : read_address(map->to, equals + 1, fault);
}

int tap__rules_init(struct tap__info_rules *rules, const char *const *advertise, const char *const *maps,
		    struct wire_fault *fault)
{
	size_t advertised = count(advertise), mapped = count(maps);
	int error = 0;
	*rules = (struct tap__info_rules){.advertised = calloc(advertised + 1, NET_ADDRESS_TEXT),
					  .maps = calloc(mapped + 1, sizeof *rules->maps)};
	if (!rules->advertised || !rules->maps)
		return wire_fault_set(fault, -ENOMEM, "out of memory");
	for (size_t i = 0; i < advertised && error == 0; i++)
		error = read_address(rules->advertised[rules->advertised_count++], advertise[i], fault);
	for (size_t i = 0; i < mapped && error == 0; i++)
		error = read_map(&rules->maps[rules->maps_count++], maps[i], fault);
	return error;
}

void tap__rules_fini(struct tap__info_rules *rules)
{
	free(rules->advertised);
	free(rules->maps);
	*rules = (struct tap__info_rules){0};
}
