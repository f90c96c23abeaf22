/* Fuzz target: a header of the PROXY protocol. Whatever comes, `need` leads to the end of the header and never past it; a header
 * with addresses can be written in both versions and is read as the same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "net/proxy_header.h"
#include "wire/error.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

/* Read as the layer does: only as much as is needed. */
static int64_t read_header(const char *bytes, size_t size, struct net_proxy_header *header)
{
	size_t len = 0, need = NET_PROXY_HEADER_FIRST;
	while (need <= size) {
		require(need > len && need <= NET_PROXY_HEADER_ROOM);
		len = need;
		int64_t total = net_proxy_header_parse(bytes, len, header, &need);
		if (total < 0)
			return total;
		if (total > 0) {
			require((size_t)total >= len);
			return total;
		}
	}
	return 0;
}

static bool is_equal(const struct net_proxy_end *a, const struct net_proxy_end *b)
{
	return strcmp(a->ip, b->ip) == 0 && a->port == b->port;
}

static void check_written(const struct net_proxy_header *header, int version)
{
	char bytes[NET_PROXY_HEADER_ROOM];
	struct net_proxy_header again;
	size_t len = net_proxy_header_write(bytes, version, &header->source, &header->destination);
	require(read_header(bytes, len, &again) == (int64_t)len && again.has_ends);
	require(is_equal(&again.source, &header->source) &&
		is_equal(&again.destination, &header->destination));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct net_proxy_header header, whole;
	size_t need;
	int64_t total = read_header((const char *)data, size, &header);
	int64_t at_once = net_proxy_header_parse((const char *)data, size, &whole, &need);
	if (total > 0) {
		require(at_once == total && whole.has_ends == header.has_ends);
		require(is_equal(&whole.source, &header.source));
	}
	if (total > 0 && header.has_ends) {
		check_written(&header, 1);
		check_written(&header, 2);
	}
	return 0;
}
