#include "net/http/post.h"

#include <curl/curl.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <zlib.h>

#include "net/http/answer.h"
#include "net/http/url.h"
#include "wire/redact.h"

enum { GZIP_WINDOW = 15 + 16 /* as deflateInit2 has it: with the header of gzip */, GZIP_MEMORY = 8 };

struct net_http_poster {
	struct net_http_post_options options; /* without the texts */
	CURL *curl;
	CURLU *url;
	struct curl_slist *headers;
	z_stream gzip;
	bool has_gzip;
	unsigned char *packed; /* a compressed document; owned */
	size_t packed_cap;
	struct net_http_body body; /* of the last answer */
	bool is_too_long;          /* it is more than that */
	char error[CURL_ERROR_SIZE];
};

/* As CURLOPT_WRITEFUNCTION. Anything but the length ends the transfer. */
static size_t take(char *data, size_t size, size_t count, void *context)
{
	struct net_http_poster *poster = context;
	size_t len = size * count;
	poster->is_too_long = len > NET_HTTP_POST_ANSWER_MAX - poster->body.len;
	if (poster->is_too_long)
		return 0;
	net_http_body_add(&poster->body, wire_slice(data, len));
	return poster->body.is_failed ? 0 : len;
}

/* As CURLOPT_XFERINFOFUNCTION. Anything but 0 ends the transfer. */
static int watch(void *context, curl_off_t download, curl_off_t downloaded, curl_off_t upload,
		 curl_off_t uploaded)
{
	const struct net_http_poster *poster = context;
	(void)download, (void)downloaded, (void)upload, (void)uploaded;
	return poster->options.is_stopped && poster->options.is_stopped(poster->options.context);
}

/* ---- life ---- */

static void set_options(struct net_http_poster *poster, const char *ca_file)
{
	CURL *curl = poster->curl;
	curl_easy_setopt(curl, CURLOPT_CURLU, poster->url);
	curl_easy_setopt(curl, CURLOPT_POST, 1L);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, poster);
	curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, watch);
	curl_easy_setopt(curl, CURLOPT_XFERINFODATA, poster);
	curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, poster->error);
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)NET_HTTP_POST_CONNECT_MS);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)NET_HTTP_POST_MS);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_QUICK_EXIT, 1L); /* do not wait for names to be looked up */
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(curl, CURLOPT_USERAGENT, "tapedeck");
	if (ca_file)
		curl_easy_setopt(curl, CURLOPT_CAINFO, ca_file);
}

static int add_header_text(struct net_http_poster *poster, const char *text)
{
	struct curl_slist *headers = curl_slist_append(poster->headers, text);
	if (!headers)
		return -ENOMEM;
	poster->headers = headers;
	curl_easy_setopt(poster->curl, CURLOPT_HTTPHEADER, headers);
	return 0;
}

/* Headers of every document. Expect: libcurl would ask for leave before it sends a long one. */
static int add_headers(struct net_http_poster *poster, const char *type)
{
	int error = net_http_poster_add_header(poster, WIRE_LITERAL("Content-Type"), wire_slice_str(type));
	if (!error && poster->options.gzip)
		error = net_http_poster_add_header(poster, WIRE_LITERAL("Content-Encoding"),
						   WIRE_LITERAL("gzip"));
	return error ? error : add_header_text(poster, "Expect:");
}

static int begin(struct net_http_poster *poster, const struct net_http_post_options *options,
		 struct wire_fault *fault)
{
	poster->curl = curl_easy_init();
	poster->url = curl_url();
	poster->has_gzip = options->gzip && deflateInit2(&poster->gzip, Z_BEST_SPEED, Z_DEFLATED, GZIP_WINDOW,
							 GZIP_MEMORY, Z_DEFAULT_STRATEGY) == Z_OK;
	if (!poster->curl || !poster->url || poster->has_gzip != options->gzip ||
	    add_headers(poster, options->type) != 0)
		return wire_fault_set(fault, -ENOMEM, "out of memory");
	int error = net__http_url_set(poster->url, options->url, fault);
	if (!error)
		set_options(poster, options->ca_file);
	return error;
}

int net_http_poster_open(struct net_http_poster **opened, const struct net_http_post_options *options,
			 struct wire_fault *fault)
{
	struct net_http_poster *poster = calloc(1, sizeof(*poster));
	if (!poster || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
		free(poster);
		return wire_fault_set(fault, -ENOMEM, "out of memory");
	}
	poster->options = *options;
	int error = begin(poster, options, fault);
	if (error) {
		net_http_poster_close(poster);
		return error;
	}
	poster->options.url = poster->options.type = poster->options.ca_file = NULL;
	*opened = poster;
	return 0;
}

void net_http_poster_close(struct net_http_poster *poster)
{
	if (!poster)
		return;
	curl_easy_cleanup(poster->curl);
	curl_url_cleanup(poster->url);
	curl_slist_free_all(poster->headers);
	if (poster->has_gzip)
		deflateEnd(&poster->gzip);
	free(poster->packed);
	net_http_body_fini(&poster->body);
	free(poster);
	curl_global_cleanup();
}

/* ---- headers ---- */

static bool is_header(struct wire_slice name, struct wire_slice value)
{
	for (size_t i = 0; i < name.len; i++)
		if (name.data[i] <= ' ' || name.data[i] >= 0x7f || name.data[i] == ':')
			return false;
	for (size_t i = 0; i < value.len; i++)
		if ((unsigned char)value.data[i] < ' ' && value.data[i] != '\t')
			return false;
	return name.len > 0 && name.len < INT_MAX && value.len < INT_MAX;
}

int net_http_poster_add_header(struct net_http_poster *poster, struct wire_slice name,
			       struct wire_slice value)
{
	char *text = NULL;
	if (!is_header(name, value))
		return -EINVAL;
	/* libcurl sends a header without a value only when it ends with a semicolon. */
	int len = value.len > 0
		      ? asprintf(&text, "%.*s: %.*s", (int)name.len, name.data, (int)value.len, value.data)
		      : asprintf(&text, "%.*s;", (int)name.len, name.data);
	if (len < 0)
		return -ENOMEM;
	int error = add_header_text(poster, text);
	free(text);
	return error;
}

/* ---- documents ---- */

/* Compress *document, which then borrows the poster. 0 or -ENOMEM. */
static int pack(struct net_http_poster *poster, struct wire_slice *document)
{
	z_stream *gzip = &poster->gzip;
	size_t bound = deflateBound(gzip, document->len);
	if (bound > poster->packed_cap) {
		unsigned char *packed = realloc(poster->packed, bound);
		if (!packed)
			return -ENOMEM;
		poster->packed = packed;
		poster->packed_cap = bound;
	}
	deflateReset(gzip);
	gzip->next_in = (unsigned char *)(uintptr_t)document->data;
	gzip->avail_in = (unsigned)document->len;
	gzip->next_out = poster->packed;
	gzip->avail_out = (unsigned)poster->packed_cap;
	if (deflate(gzip, Z_FINISH) != Z_STREAM_END)
		return -ENOMEM;
	*document = wire_slice((const char *)poster->packed, poster->packed_cap - gzip->avail_out);
	return 0;
}

static bool is_tls(CURLcode code)
{
	return code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CONNECT_ERROR ||
	       code == CURLE_SSL_CACERT_BADFILE || code == CURLE_SSL_CERTPROBLEM;
}

/* What a server can have a part in, as the name in its certificate, is shown without control characters. */
static void make_printable(char *text)
{
	for (; *text; text++)
		if (*text < ' ' || *text > '~')
			*text = '?';
}

/* Without the password, and without the query, which may be a key. */
static void show_url(const struct net_http_poster *poster, char *shown, size_t size)
{
	char *url = NULL;
	if (curl_url_get(poster->url, CURLUPART_URL, &url, 0) == CURLUE_OK) {
		url[strcspn(url, "?#")] = '\0';
		wire_redact_urls(url, shown, size);
	}
	curl_free(url);
}

/* Say why there is no answer. */
static int complain(struct net_http_poster *poster, CURLcode code, struct wire_fault *fault)
{
	char shown[300] = "";
	show_url(poster, shown, sizeof(shown));
	make_printable(poster->error);
	if (poster->body.is_failed || code == CURLE_OUT_OF_MEMORY)
		return wire_fault_set(fault, -ENOMEM, "%s: out of memory", shown);
	if (code == CURLE_ABORTED_BY_CALLBACK)
		return wire_fault_set(fault, -ECANCELED, "%s: interrupted", shown);
	return wire_fault_set(fault, is_tls(code) ? NET_ETLS : -ECONNREFUSED, "%s: %s", shown,
			      poster->error[0] ? poster->error : curl_easy_strerror(code));
}

int net_http_post(struct net_http_poster *poster, struct wire_slice document, struct net_http_posted *posted,
		  struct wire_fault *fault)
{
	curl_off_t retry_after_s = 0;
	if (document.len > INT_MAX || (poster->has_gzip && pack(poster, &document) != 0))
		return wire_fault_set(fault, -ENOMEM, "out of memory");
	net_http_body_fini(&poster->body);
	poster->error[0] = '\0';
	poster->is_too_long = false;
	*posted = (struct net_http_posted){.retry_after_ms = -1};
	curl_easy_setopt(poster->curl, CURLOPT_POSTFIELDS, document.data);
	curl_easy_setopt(poster->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)document.len);
	CURLcode code = curl_easy_perform(poster->curl);
	if (code != CURLE_OK && !poster->is_too_long)
		return complain(poster, code, fault);
	curl_easy_getinfo(poster->curl, CURLINFO_RESPONSE_CODE, &posted->status);
	if (curl_easy_getinfo(poster->curl, CURLINFO_RETRY_AFTER, &retry_after_s) == CURLE_OK &&
	    retry_after_s > 0)
		posted->retry_after_ms =
		    retry_after_s < INT64_MAX / 1000 ? (int64_t)retry_after_s * 1000 : INT64_MAX;
	posted->body = wire_slice(poster->body.text, poster->body.len);
	return 0;
}
