#include "broker/listen.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "broker/accept.h"
#include "broker/address.h"
#include "broker/log.h"
#include "broker/turn.h"

enum {
	BACKLOG = 4096,
	/* Connections accepted for each poll. Each has something to be read in the next one; the others wait in the kernel,
	 * where they delay no one. */
	NEWCOMERS_AT_ONCE = 16,
};

static void wait_for_round(struct broker__loop *loop)
{
	loop->has_newcomers = true;
	broker__round_wake(loop);
}

static void accept_newcomer(struct broker__loop *loop, uv_stream_t *listener)
{
	loop->newcomers++;
	broker__accept(loop, listener);
}

static void on_connection(uv_stream_t *listener, int status)
{
	struct broker *broker = listener->data;
	if (status < 0)
		broker_log(broker->log, BROKER_LOG_ERROR, "Client Accept Error: %s", uv_strerror(status));
	else if (broker->loops[0].newcomers >= NEWCOMERS_AT_ONCE || broker__round_is_over(&broker->loops[0]))
		wait_for_round(&broker->loops[0]);
	else
		accept_newcomer(&broker->loops[0], listener);
}

/* libuv offers no other connection until this one is accepted. */
void broker__listen_continue(struct broker *broker)
{
	struct broker__loop *loop = &broker->loops[0];
	loop->has_newcomers = false;
	if (broker->is_listening)
		accept_newcomer(loop, (uv_stream_t *)&broker->listener);
}

/* "0.0.0.0" also means IPv6, as in nats-server. */
static bool is_any(const char *host)
{
	return strcmp(host, "0.0.0.0") == 0 || strcmp(host, "::") == 0;
}

static int resolve(const char *host, int port, struct sockaddr_storage *address)
{
	if (uv_ip4_addr(host, port, (struct sockaddr_in *)address) == 0 ||
	    uv_ip6_addr(host, port, (struct sockaddr_in6 *)address) == 0)
		return 0;
	uv_loop_t loop;
	uv_getaddrinfo_t request;
	char service[16];
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
	snprintf(service, sizeof service, "%d", port);
	int status = uv_loop_init(&loop);
	if (status < 0)
		return status;
	status = uv_getaddrinfo(&loop, &request, NULL, host, service, &hints);
	if (status == 0)
		memcpy(address, request.addrinfo->ai_addr, request.addrinfo->ai_addrlen);
	uv_freeaddrinfo(status == 0 ? request.addrinfo : NULL);
	uv_loop_close(&loop);
	return status;
}

static int listen_on(struct broker *broker, const char *host, int port)
{
	struct sockaddr_storage address = {0};
	int status = resolve(host, port, &address);
	if (status == 0)
		status = uv_tcp_bind(&broker->listener, (struct sockaddr *)&address, 0);
	if (status == 0)
		status = uv_listen((uv_stream_t *)&broker->listener, BACKLOG, on_connection);
	return status;
}

static int real_port(const uv_tcp_t *listener)
{
	struct sockaddr_storage address = {0};
	int len = sizeof address;
	if (uv_tcp_getsockname(listener, (struct sockaddr *)&address, &len) < 0)
		return 0;
	if (address.ss_family == AF_INET6)
		return ntohs(((struct sockaddr_in6 *)&address)->sin6_port);
	return ntohs(((struct sockaddr_in *)&address)->sin_port);
}

static int open_listener(struct broker *broker)
{
	int status = uv_tcp_init(&broker->loops[0].uv, &broker->listener);
	if (status < 0)
		return status;
	broker->listener.data = broker;
	broker->is_listening = true;
	return 0;
}

/* Close the listener at once, so that it can be opened again. */
static void discard_listener(struct broker *broker)
{
	broker__listen_stop(broker);
	uv_run(&broker->loops[0].uv, UV_RUN_NOWAIT);
}

int broker__listen(struct broker *broker, struct wire_fault *fault)
{
	const char *host = broker->host;
	char address[BROKER__ADDRESS_TEXT];
	int port = broker->options.port > 0 ? broker->options.port : 0;
	int status = open_listener(broker);
	if (status == 0)
		status = listen_on(broker, is_any(host) ? "::" : host, port);
	if (status < 0 && status != UV_EADDRINUSE && strcmp(host, "0.0.0.0") == 0) {
		/* The machine has no IPv6. */
		discard_listener(broker);
		status = open_listener(broker);
		if (status == 0)
			status = listen_on(broker, host, port);
	}
	if (status == 0) {
		broker->port = real_port(&broker->listener);
		return 0;
	}
	broker__address_text(address, sizeof address, host, port);
	if (status == UV_EADDRINUSE)
		return wire_fault_set(fault, status,
				      "cannot listen on %s: the address is in use; stop the other server or "
				      "choose another port with -p",
				      address);
	return wire_fault_set(fault, status, "cannot listen on %s: %s; choose another address with -a",
			      address, uv_strerror(status));
}

void broker__listen_stop(struct broker *broker)
{
	if (!broker->is_listening)
		return;
	broker->is_listening = false;
	uv_close((uv_handle_t *)&broker->listener, NULL);
}
