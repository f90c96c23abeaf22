/* url.h - where a NATS server is: nats://HOST[:PORT], tls://HOST[:PORT] or HOST[:PORT]. Internal to tap. */
#ifndef TAP_PROXY_URL_H
#define TAP_PROXY_URL_H

#include <stdbool.h>

#include "net/address.h"
#include "wire/error.h"

struct tap__url {
	char host[NET_HOST_TEXT]; /* without brackets; only characters that need no escape in JSON */
	int port;                 /* 4222 when the text has none */
	bool is_tls;
};

/* 0; or -EINVAL with *fault, which shows nothing of a URL that may hold credentials. */
int tap__url_parse(struct tap__url *url, const char *text, struct wire_fault *fault);

#endif
