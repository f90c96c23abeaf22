/* socket.h - a raw TCP client: exact bytes out, every byte in kept. */
#ifndef SUPPORT_SOCKET_H
#define SUPPORT_SOCKET_H

#include "support/deadline.h"

#include <stddef.h>

struct support_socket {
	int fd;      /* -1 = not connected */
	char *bytes; /* all that was received, NUL-terminated; owned */
	size_t len;  /* bytes received */
	size_t cap;
	bool closed;        /* by the other side */
	struct ssl_st *ssl; /* NULL: plain (secure.h) */
};

/* Connect to 127.0.0.1:port. 0 or a negated errno. */
int support_socket_open(struct support_socket *socket, int port);

/* The same with a receive buffer of so many bytes (as far as the kernel obeys); 0 = the kernel's default. */
int support_socket_open_small(struct support_socket *socket, int port, int receive_bytes);

/* Close our side and free what was received. */
void support_socket_close(struct support_socket *socket);

/* Send everything; bytes that arrive meanwhile are kept, so that the two sides never wait for each other. 0,
 * -ETIMEDOUT, or -EPIPE when the other side has closed. */
int support_socket_send(struct support_socket *socket, const void *bytes, size_t len,
			struct support_deadline deadline);
int support_socket_send_text(struct support_socket *socket, const char *text,
			     struct support_deadline deadline);

/* Wait for bytes and keep them. How many came; 0 when the other side has closed; -ETIMEDOUT. */
int64_t support_socket_read(struct support_socket *socket, struct support_deadline deadline);

/* Read until `text` is found in the received bytes, at offset `from` or later. 0 with *end (may be NULL) just after it;
 * -ETIMEDOUT, or -EPIPE when the other side closed before. */
int support_socket_await(struct support_socket *socket, size_t from, const char *text, size_t *end,
			 struct support_deadline deadline);

/* Read until the other side closes. 0 or -ETIMEDOUT. */
int support_socket_await_close(struct support_socket *socket, struct support_deadline deadline);

/* Send PING and read until its PONG: 0, -ETIMEDOUT or -EPIPE as above. Everything that the server sent before
 * has then arrived. */
int support_socket_sync(struct support_socket *socket, struct support_deadline deadline);

/* GET http://127.0.0.1:port<path>. The status (200, …) or a negative code; *body (may be NULL) is owned by the caller and
 * NULL on failure. */
int support_http_get(int port, const char *path, char **body, struct support_deadline deadline);

#endif
