#include "net/http/respond.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "net/http/peers.h"

enum { BLOCK_BYTES = 16384 };

int net__http_responder_init(struct net__http_responder *responder, const struct net_http_service *service)
{
	size_t count = 0;
	while (service->routes[count].path)
		count++;
	responder->service = *service;
	responder->route_counts = calloc(count + 1, sizeof *responder->route_counts);
	return responder->route_counts ? 0 : -ENOMEM;
}

void net__http_responder_fini(struct net__http_responder *responder)
{
	free(responder->route_counts);
}

static struct net_http_settings settings_of(const struct net__http_responder *responder)
{
	struct net_http_settings settings = {0};
	if (responder->service.settings)
		responder->service.settings(responder->service.owner, &settings);
	return settings;
}

/* ---- finding the page ---- */

/* The part of the path after the base path; NULL when the path does not begin with it. */
static const char *below_base(const char *path, const char *base)
{
	size_t len = base ? strlen(base) : 0;
	while (len > 0 && base[len - 1] == '/')
		len--;
	if (len > 0 && base[0] != '/')
		path++; /* the base is written without its first slash */
	if (len > 0 && strncmp(path, base, len) != 0)
		return NULL;
	return path[len] == '\0' ? "/" : path[len] == '/' ? path + len : NULL;
}

static const struct net_http_route *find_route(const struct net_http_route *routes, const char *path)
{
	for (; path && routes->path; routes++)
		if (strcmp(routes->path, path) == 0 || (routes->alias && strcmp(routes->alias, path) == 0))
			return routes;
	return NULL;
}

static void fill_answer(struct net__http_responder *responder, struct MHD_Connection *connection,
			const char *path, const char *method, struct net_http_answer *answer)
{
	const struct net_http_request request = {.owner = responder->service.owner,
						 .routes = responder->service.routes,
						 .route_counts = responder->route_counts,
						 .connection = connection};
	const struct net_http_route *route =
	    find_route(request.routes, below_base(path, settings_of(responder).base_path));
	if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0) {
		net_http_answer_text(answer, NET_HTTP_METHOD_NOT_ALLOWED, "only GET and HEAD are served\n");
	} else if (!route) {
		net_http_answer_text(answer, NET_HTTP_NOT_FOUND, "404 page not found\n");
	} else {
		responder->route_counts[route - request.routes]++;
		route->serve(&request, answer);
	}
}

/* ---- sending ---- */

/* An answer that is being sent. */
struct sending {
	struct net_http_answer answer;
	struct MHD_Connection *connection;
	size_t at; /* bytes of the body that were sent */
};

static void close_rest(struct net_http_answer *answer)
{
	if (answer->rest)
		answer->rest->close(answer->rest);
	answer->rest = NULL;
}

/* Write the next piece of the body; after the last one, answer->rest is NULL. */
static void write_piece(struct net_http_answer *answer)
{
	bool has_more = answer->rest && answer->rest->write(answer->rest, &answer->body);
	if (has_more)
		return;
	close_rest(answer);
	net_http_body_add(&answer->body, wire_slice_str(answer->tail));
	answer->tail = NULL;
}

static ssize_t send_piece(void *context, uint64_t position, char *data, size_t cap)
{
	struct sending *sending = context;
	struct net_http_body *body = &sending->answer.body;
	struct net__http_peer *peer = net__http_peer_of(sending->connection);
	(void)position;
	if (peer)
		net__http_peer_touch(peer, true);
	if (sending->at == body->len && sending->answer.rest) {
		sending->at = body->len = 0;
		write_piece(&sending->answer);
	}
	if (body->is_failed)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	size_t len = body->len - sending->at < cap ? body->len - sending->at : cap;
	memcpy(data, body->text + sending->at, len);
	sending->at += len;
	return len > 0 ? (ssize_t)len : MHD_CONTENT_READER_END_OF_STREAM;
}

static void free_sending(void *context)
{
	struct sending *sending = context;
	close_rest(&sending->answer);
	net_http_body_fini(&sending->answer.body);
	free(sending);
}

/* Takes the answer, also on failure. */
static struct MHD_Response *respond_in_pieces(struct MHD_Connection *connection,
					      struct net_http_answer *answer)
{
	struct sending *sending = calloc(1, sizeof *sending);
	if (!sending) {
		close_rest(answer);
		net_http_body_fini(&answer->body);
		return NULL;
	}
	*sending = (struct sending){.answer = *answer, .connection = connection};
	struct MHD_Response *response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK_BYTES,
									  send_piece, sending, free_sending);
	if (!response)
		free_sending(sending);
	return response;
}

static struct MHD_Response *respond_at_once(struct net_http_answer *answer)
{
	struct MHD_Response *response =
	    MHD_create_response_from_buffer(answer->body.len, answer->body.text, MHD_RESPMEM_MUST_COPY);
	net_http_body_fini(&answer->body);
	return response;
}

/* Hand the answer to libmicrohttpd, at once if it consists of one piece. */
static enum MHD_Result send_answer(struct net__http_responder *responder, struct MHD_Connection *connection,
				   struct net_http_answer *answer)
{
	const char *origin = settings_of(responder).allow_origin;
	write_piece(answer);
	if (answer->body.is_failed) { /* out of memory: close the connection */
		close_rest(answer);
		net_http_body_fini(&answer->body);
		return MHD_NO;
	}
	struct MHD_Response *response =
	    answer->rest ? respond_in_pieces(connection, answer) : respond_at_once(answer);
	if (!response)
		return MHD_NO;
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, answer->type);
	if (origin)
		MHD_add_response_header(response, MHD_HTTP_HEADER_ACCESS_CONTROL_ALLOW_ORIGIN, origin);
	MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
	if (answer->status == NET_HTTP_METHOD_NOT_ALLOWED)
		MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
	enum MHD_Result result = MHD_queue_response(connection, answer->status, response);
	MHD_destroy_response(response);
	return result;
}

enum MHD_Result net__http_respond(void *context, struct MHD_Connection *connection, const char *path,
				  const char *method, const char *version, const char *body, size_t *body_len,
				  void **seen)
{
	struct net__http_responder *responder = context;
	struct net__http_peer *peer = net__http_peer_of(connection);
	struct net_http_answer answer = {0};
	(void)version;
	(void)body;
	if (!*seen) {
		*seen = responder;
		return MHD_YES;
	}
	if (*body_len > 0) {
		*body_len = 0;
		return MHD_YES;
	}
	if (peer)
		net__http_peer_touch(peer, true);
	fill_answer(responder, connection, path, method, &answer);
	return send_answer(responder, connection, &answer);
}
