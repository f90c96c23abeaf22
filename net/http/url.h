/* url.h - URLs of HTTP servers, for libcurl. Internal to net/http. */
#ifndef NET_HTTP_URL_H
#define NET_HTTP_URL_H

#include <curl/curl.h>

#include "wire/error.h"

/* Set *to to the URL: http or https, with a host. 0, or -EINVAL with *fault, which does not show a password. */
int net__http_url_set(CURLU *to, const char *url, struct wire_fault *fault);

#endif
