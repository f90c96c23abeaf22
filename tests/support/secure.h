/* secure.h - TLS on a raw TCP client (socket.h), as a NATS client begins it after INFO. */
#ifndef SUPPORT_SECURE_H
#define SUPPORT_SECURE_H

#include "support/socket.h"

struct support_tls {
	const char *ca_file;              /* NULL: the certificate of the server is not verified */
	const char *cert_file, *key_file; /* NULL: no certificate is presented */
	int version;                      /* 12 or 13 alone; 0: both */
};

/* The handshake, with server name localhost. From then on the functions of socket.h encrypt and decrypt. 0; -EPROTO, with why
 * (256 bytes; may be NULL); -ETIMEDOUT. What was received before the handshake is kept. */
int support_socket_secure(struct support_socket *socket, const struct support_tls *tls,
			  struct support_deadline deadline, char *why);

/* The subject of the server's certificate; owned. */
char *support_socket_server_subject(const struct support_socket *socket);

/* Used by socket.c: as recv(2) and send(2). */
int64_t support_secure_receive(struct support_socket *socket, void *bytes, size_t len);
int64_t support_secure_send(struct support_socket *socket, const void *bytes, size_t len);
void support_secure_close(struct support_socket *socket);

#endif
