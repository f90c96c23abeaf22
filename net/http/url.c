#include "net/http/url.h"

#include <errno.h>
#include <string.h>

#include "wire/redact.h"

int net__http_url_set(CURLU *to, const char *url, struct wire_fault *fault)
{
	char *scheme = NULL;
	CURLUcode code = curl_url_set(to, CURLUPART_URL, url, 0);
	if (code == CURLUE_OK)
		code = curl_url_get(to, CURLUPART_SCHEME, &scheme, 0);
	bool is_http = scheme && (strcmp(scheme, "http") == 0 || strcmp(scheme, "https") == 0);
	curl_free(scheme);
	char shown[300];
	wire_redact_urls(url, shown, sizeof(shown));
	return code == CURLUE_OK && is_http
		   ? 0
		   : wire_fault_set(fault, -EINVAL, "\"%s\" is not the URL of an HTTP server", shown);
}
