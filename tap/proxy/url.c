#include "tap/proxy/url.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

enum { NATS_PORT = 4222 };

static bool is_host(const char *host)
{
	for (const char *c = host; *c; c++)
		if (!isalnum((unsigned char)*c) && !strchr(".-_:%", *c))
			return false;
	return *host != '\0';
}

int tap__url_parse(struct tap__url *url, const char *text, struct wire_fault *fault)
{
	const char *rest = strstr(text, "://"), *address = text;
	if (strchr(text, '@'))
		return wire_fault_set(fault, -EINVAL,
				      "a URL with credentials is refused: clients authenticate themselves");
	url->is_tls = rest && strncmp(text, "tls://", 6) == 0;
	if (rest && !url->is_tls && strncmp(text, "nats://", 7) != 0)
		return wire_fault_set(fault, -EINVAL, "%.300s: only nats:// and tls:// are supported", text);
	if (rest)
		address = rest + 3;
	if (!net_address_split(address, NATS_PORT, url->host, &url->port) || !is_host(url->host))
		return wire_fault_set(fault, -EINVAL, "%.300s: not of the form nats://HOST[:PORT]", text);
	return 0;
}
