#include "net/http/get.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "net/http/answer.h"
#include "net/http/url.h"
#include "wire/redact.h"

struct net_http_getter {
	CURL *curl;
	char *base;                /* path of the URL that was given, without a slash at its end */
	CURLU *url;                /* of the server */
	struct net_http_body body; /* of the last answer */
	char error[CURL_ERROR_SIZE];
};

/* As CURLOPT_WRITEFUNCTION. Anything but the length ends the transfer. */
static size_t take(char *data, size_t size, size_t count, void *context)
{
	struct net_http_getter *getter = context;
	size_t len = size * count;
	if (len > NET_HTTP_GET_BYTES_MAX - getter->body.len)
		return 0;
	net_http_body_add(&getter->body, wire_slice(data, len));
	return getter->body.is_failed ? 0 : len;
}

/* Pages may be below a path: http://host:8222/nats. 0 or -ENOMEM with *fault. */
static int keep_base(struct net_http_getter *getter, struct wire_fault *fault)
{
	char *path = NULL;
	if (curl_url_get(getter->url, CURLUPART_PATH, &path, 0) == CURLUE_OK)
		getter->base = strdup(path);
	curl_free(path);
	if (!getter->base)
		return wire_fault_set(fault, -ENOMEM, "out of memory");
	for (size_t len = strlen(getter->base); len > 0 && getter->base[len - 1] == '/'; len--)
		getter->base[len - 1] = '\0';
	return 0;
}

static void set_options(struct net_http_getter *getter)
{
	CURL *curl = getter->curl;
	curl_easy_setopt(curl, CURLOPT_CURLU, getter->url);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, getter);
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, getter->error);
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)NET_HTTP_GET_CONNECT_MS);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)NET_HTTP_GET_MS);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(curl, CURLOPT_USERAGENT, "tapedeck");
}

int net_http_getter_open(struct net_http_getter **opened, const char *url, struct wire_fault *fault)
{
	struct net_http_getter *getter = calloc(1, sizeof(*getter));
	if (!getter || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
		free(getter);
		return wire_fault_set(fault, -ENOMEM, "out of memory");
	}
	getter->curl = curl_easy_init();
	getter->url = curl_url();
	int error = getter->curl && getter->url ? net__http_url_set(getter->url, url, fault)
						: wire_fault_set(fault, -ENOMEM, "out of memory");
	if (error == 0)
		error = keep_base(getter, fault);
	if (error != 0) {
		net_http_getter_close(getter);
		return error;
	}
	set_options(getter);
	*opened = getter;
	return 0;
}

void net_http_getter_close(struct net_http_getter *getter)
{
	if (!getter)
		return;
	curl_easy_cleanup(getter->curl);
	curl_url_cleanup(getter->url);
	free(getter->base);
	net_http_body_fini(&getter->body);
	free(getter);
	curl_global_cleanup();
}

/* Say what went wrong with a page. */
static int complain(struct net_http_getter *getter, CURLcode code, long status, struct wire_fault *fault)
{
	char shown[300] = "";
	char *url = NULL;
	if (curl_url_get(getter->url, CURLUPART_URL, &url, 0) == CURLUE_OK)
		wire_redact_urls(url, shown, sizeof(shown));
	curl_free(url);
	if (getter->body.is_failed || code == CURLE_OUT_OF_MEMORY)
		return wire_fault_set(fault, -ENOMEM, "%s: out of memory", shown);
	if (code == CURLE_WRITE_ERROR)
		return wire_fault_set(fault, -EMSGSIZE, "%s: the answer is longer than 64 MiB", shown);
	if (code == CURLE_OK)
		return wire_fault_set(fault, -EPROTO, "%s: HTTP status %ld", shown, status);
	return wire_fault_set(fault, code == CURLE_COULDNT_CONNECT ? -ECONNREFUSED : -ETIMEDOUT, "%s: %s",
			      shown, getter->error[0] ? getter->error : curl_easy_strerror(code));
}

static int set_page(struct net_http_getter *getter, const char *path, struct wire_fault *fault)
{
	const char *query = strchr(path, '?');
	char *page = NULL;
	int len = query ? (int)(query - path) : (int)strlen(path);
	bool is_set = asprintf(&page, "%s%.*s", getter->base, len, path) >= 0 &&
		      curl_url_set(getter->url, CURLUPART_PATH, page, 0) == CURLUE_OK &&
		      curl_url_set(getter->url, CURLUPART_QUERY, query ? query + 1 : NULL, 0) == CURLUE_OK;
	free(page);
	return is_set ? 0 : wire_fault_set(fault, -ENOMEM, "out of memory");
}

int net_http_get(struct net_http_getter *getter, const char *path, struct wire_slice *body,
		 struct wire_fault *fault)
{
	int error = set_page(getter, path, fault);
	long status = 0;
	if (error != 0)
		return error;
	net_http_body_fini(&getter->body);
	getter->error[0] = '\0';
	CURLcode code = curl_easy_perform(getter->curl);
	curl_easy_getinfo(getter->curl, CURLINFO_RESPONSE_CODE, &status);
	if (code != CURLE_OK || status != NET_HTTP_OK)
		return complain(getter, code, status, fault);
	*body = wire_slice(getter->body.text, getter->body.len);
	return 0;
}
