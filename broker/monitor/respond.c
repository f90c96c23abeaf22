#include "broker/monitor/respond.h"

#include <stdlib.h>
#include <string.h>

#include "broker/monitor/pages.h"
#include "broker/monitor/visitors.h"

enum { BLOCK_BYTES = 16384 };

void broker__responder_init(struct broker__responder *responder, struct broker *broker)
{
	*responder = (struct broker__responder){.broker = broker};
	broker__cpu_init(&responder->cpu);
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

static size_t find_page(const char *path)
{
	size_t i = 0;
	while (broker__pages[i].path && (!path || strcmp(broker__pages[i].path, path) != 0) &&
	       (!path || !broker__pages[i].alias || strcmp(broker__pages[i].alias, path) != 0))
		i++;
	return i;
}

static void fill_answer(struct broker__responder *responder, struct MHD_Connection *connection,
			const char *path, const char *method, struct broker__answer *answer)
{
	struct broker__request request = {.broker = responder->broker,
					  .connection = connection,
					  .pages = broker__pages,
					  .page_counts = responder->page_counts};
	const char *base = broker_inspect_options(responder->broker)->http_base_path;
	size_t page = find_page(below_base(path, base));
	if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0) {
		broker__answer_text(answer, MHD_HTTP_METHOD_NOT_ALLOWED, "only GET and HEAD are served\n");
	} else if (!broker__pages[page].path) {
		broker__answer_text(answer, MHD_HTTP_NOT_FOUND, "404 page not found\n");
	} else {
		request.cpu_percent = broker__cpu_percent(&responder->cpu);
		responder->page_counts[page]++;
		broker__pages[page].serve(&request, answer);
	}
}

/* ---- sending ---- */

/* An answer that is being sent. */
struct sending {
	struct broker__answer answer;
	struct MHD_Connection *connection;
	size_t at; /* bytes of the body that were sent */
};

static void close_rest(struct broker__answer *answer)
{
	if (answer->rest)
		answer->rest->close(answer->rest);
	answer->rest = NULL;
}

/* Write the next piece of the body; after the last one, answer->rest is NULL. */
static void write_piece(struct broker__answer *answer)
{
	bool has_more = answer->rest && answer->rest->write(answer->rest, &answer->body);
	if (has_more)
		return;
	close_rest(answer);
	if (answer->is_call)
		broker__json_raw(&answer->body, WIRE_LITERAL(")"));
	answer->is_call = false;
}

static ssize_t send_piece(void *context, uint64_t position, char *data, size_t cap)
{
	struct sending *sending = context;
	struct broker__json *body = &sending->answer.body;
	struct broker__visitor *visitor = broker__visitor_of(sending->connection);
	(void)position;
	if (visitor)
		broker__visitor_touch(visitor, true);
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
	broker__json_fini(&sending->answer.body);
	free(sending);
}

/* Takes the answer, also on failure. */
static struct MHD_Response *respond_in_pieces(struct MHD_Connection *connection,
					      struct broker__answer *answer)
{
	struct sending *sending = calloc(1, sizeof *sending);
	if (!sending) {
		close_rest(answer);
		broker__json_fini(&answer->body);
		return NULL;
	}
	*sending = (struct sending){.answer = *answer, .connection = connection};
	struct MHD_Response *response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK_BYTES,
									  send_piece, sending, free_sending);
	if (!response)
		free_sending(sending);
	return response;
}

static struct MHD_Response *respond_at_once(struct broker__answer *answer)
{
	struct MHD_Response *response =
	    MHD_create_response_from_buffer(answer->body.len, answer->body.text, MHD_RESPMEM_MUST_COPY);
	broker__json_fini(&answer->body);
	return response;
}

/* Hand the answer to libmicrohttpd, at once if it consists of one piece. */
static enum MHD_Result send_answer(struct broker__responder *responder, struct MHD_Connection *connection,
				   struct broker__answer *answer)
{
	const char *origin = broker_inspect_options(responder->broker)->http_allow_origin;
	write_piece(answer);
	if (answer->body.is_failed) { /* out of memory: close the connection */
		close_rest(answer);
		broker__json_fini(&answer->body);
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
	if (answer->status == MHD_HTTP_METHOD_NOT_ALLOWED)
		MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
	enum MHD_Result result = MHD_queue_response(connection, answer->status, response);
	MHD_destroy_response(response);
	return result;
}

enum MHD_Result broker__respond(void *context, struct MHD_Connection *connection, const char *path,
				const char *method, const char *version, const char *body, size_t *body_len,
				void **seen)
{
	struct broker__responder *responder = context;
	struct broker__visitor *visitor = broker__visitor_of(connection);
	struct broker__answer answer = {0};
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
	if (visitor)
		broker__visitor_touch(visitor, true);
	fill_answer(responder, connection, path, method, &answer);
	return send_answer(responder, connection, &answer);
}
