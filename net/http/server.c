/*	uv_poll on the listening socket ──▶ accept, make room if there are too many ──▶ MHD_run
 *	uv_poll on libmicrohttpd's epoll descriptor ──▶ MHD_run ──▶ net__http_respond ──▶ a page
 *	uv_timer set to libmicrohttpd's next timeout ──▶ MHD_run
 */
#include "net/http/server.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>

#include "net/http/peers.h"
#include "net/http/pem.h"
#include "net/http/respond.h"

enum {
	MAX_CONNECTIONS = 64,
	SPARE_CONNECTIONS = 16, /* accepted before the connections that make room for them are closed */
	IDLE_SECONDS = 10,
	CONNECTION_BYTES = 32768,
};

/* libmicrohttpd, with the certificate that it was started with. Freed in the close callback of its handle. */
struct daemon {
	struct MHD_Daemon *mhd;
	uv_poll_t poll;
};

struct net_http_server {
	struct daemon *daemon;
	struct net__http_pem_version version;
	struct net_http_service service;
	struct net_listener *listener;
	uv_timer_t timer;
	int handles; /* not yet closed */
	struct net__http_peers peers;
	struct net__http_responder responder;
};

/* ---- the loop ---- */

static void on_timer(uv_timer_t *timer);

static void run(struct net_http_server *server)
{
	MHD_UNSIGNED_LONG_LONG timeout_ms = 0;
	MHD_run(server->daemon->mhd);
	if (MHD_get_timeout(server->daemon->mhd, &timeout_ms) == MHD_YES)
		uv_timer_start(&server->timer, on_timer, timeout_ms, 0);
	else
		uv_timer_stop(&server->timer);
}

static void on_timer(uv_timer_t *timer)
{
	run(timer->data);
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
	(void)status;
	(void)events;
	run(poll->data);
}

static void make_room(struct net_http_server *server)
{
	if (server->peers.len < MAX_CONNECTIONS)
		return;
	net__http_peers_make_room(&server->peers);
	MHD_run(server->daemon->mhd);
}

/* ---- libmicrohttpd ---- */

/* The listener accepts connections: at its limit libmicrohttpd would let them wait, and idle connections
 * would keep all others out. */
static struct MHD_Daemon *start_mhd(struct net_http_server *server, const struct net__http_pem *pem)
{
	struct MHD_OptionItem tls[] = {{MHD_OPTION_HTTPS_MEM_CERT, 0, pem->cert},
				       {MHD_OPTION_HTTPS_MEM_KEY, 0, pem->key},
				       {MHD_OPTION_END, 0, NULL}};
	if (!pem->cert)
		tls[0].option = MHD_OPTION_END;
	return MHD_start_daemon(
	    MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET | (pem->cert ? MHD_USE_TLS : 0u), 0, NULL, NULL,
	    net__http_respond, &server->responder, MHD_OPTION_CONNECTION_LIMIT,
	    (unsigned)(MAX_CONNECTIONS + SPARE_CONNECTIONS), MHD_OPTION_CONNECTION_TIMEOUT,
	    (unsigned)IDLE_SECONDS, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_BYTES,
	    MHD_OPTION_NOTIFY_CONNECTION, net__http_peers_notify, &server->peers, MHD_OPTION_NOTIFY_COMPLETED,
	    net__http_peers_answered, NULL, MHD_OPTION_ARRAY, tls, MHD_OPTION_END);
}

static void free_server(struct net_http_server *server)
{
	net__http_responder_fini(&server->responder);
	free(server);
}

static void release(struct net_http_server *server)
{
	if (--server->handles == 0)
		free_server(server);
}

static void on_daemon_closed(uv_handle_t *handle)
{
	struct net_http_server *server = handle->data;
	free((char *)handle - offsetof(struct daemon, poll));
	release(server);
}

/* Stop watching the descriptor before it is closed. */
static void stop_daemon(struct daemon *daemon)
{
	uv_poll_stop(&daemon->poll);
	MHD_stop_daemon(daemon->mhd);
	uv_close((uv_handle_t *)&daemon->poll, on_daemon_closed);
}

/* NULL when it cannot be started with this certificate. */
static struct daemon *start_daemon(struct net_http_server *server, uv_loop_t *loop,
				   const struct net__http_pem *pem)
{
	struct daemon *daemon = calloc(1, sizeof *daemon);
	if (daemon)
		daemon->mhd = start_mhd(server, pem);
	const union MHD_DaemonInfo *info =
	    daemon && daemon->mhd ? MHD_get_daemon_info(daemon->mhd, MHD_DAEMON_INFO_EPOLL_FD) : NULL;
	if (!info || uv_poll_init(loop, &daemon->poll, info->epoll_fd) < 0) {
		if (daemon && daemon->mhd)
			MHD_stop_daemon(daemon->mhd);
		free(daemon);
		return NULL;
	}
	daemon->poll.data = server;
	server->handles++;
	uv_poll_start(&daemon->poll, UV_READABLE, on_readable);
	return daemon;
}

/* Use the files of the certificate as they are now. 0, or a negative code with nothing changed. */
static int load(struct net_http_server *server, uv_loop_t *loop)
{
	struct net_http_settings settings = {0};
	struct net__http_pem pem;
	if (server->service.settings)
		server->service.settings(server->service.owner, &settings);
	if (!net__http_pem_has_changed(&server->version, settings.cert_file, settings.key_file) &&
	    server->daemon)
		return 0;
	int status = net__http_pem_read(&pem, settings.cert_file, settings.key_file);
	if (status < 0)
		return status;
	struct daemon *daemon = start_daemon(server, loop, &pem);
	net__http_pem_fini(&pem);
	if (!daemon)
		return -EINVAL;
	if (server->daemon)
		stop_daemon(server->daemon);
	server->daemon = daemon;
	return 0;
}

/* ---- connections ---- */

static void on_waiting(struct net_listener *listener, void *owner)
{
	struct net_http_server *server = owner;
	load(server, server->timer.loop);
	for (int i = 0; i < SPARE_CONNECTIONS; i++) {
		struct sockaddr_storage peer;
		int fd = net_listener_accept_fd(listener, &peer);
		if (fd < 0)
			break;
		make_room(server);
		MHD_add_connection(server->daemon->mhd, fd, (const struct sockaddr *)&peer, sizeof peer);
	}
	run(server);
}

/* ---- opening and closing ---- */

static int start(struct net_http_server *server, uv_loop_t *loop, const struct net_http_service *service)
{
	int status = net__http_responder_init(&server->responder, service);
	if (status < 0)
		return status;
	server->service = *service;
	status = load(server, loop);
	if (status < 0)
		return status;
	uv_timer_init(loop, &server->timer);
	server->timer.data = server;
	server->handles++;
	return 0;
}

int net_http_server_open(struct net_http_server **server, uv_loop_t *loop,
			 const struct net_listener_address *address, const struct net_http_service *service,
			 struct wire_fault *fault)
{
	struct net_http_server *opened = calloc(1, sizeof *opened);
	if (!opened)
		return wire_fault_set(fault, -ENOMEM, "out of memory");
	int status = net_listener_open(&opened->listener, loop, address, 1, on_waiting, opened, fault);
	if (status < 0) {
		free(opened);
		return status;
	}
	status = start(opened, loop, service);
	if (status < 0) {
		net_http_server_close(opened);
		return wire_fault_set(fault, status, "cannot serve HTTP: %s", uv_strerror(status));
	}
	*server = opened;
	return 0;
}

int net_http_server_port(const struct net_http_server *server)
{
	return net_listener_port(server->listener, 0);
}

static void on_timer_closed(uv_handle_t *handle)
{
	release(handle->data);
}

void net_http_server_close(struct net_http_server *server)
{
	net_listener_close(server->listener);
	if (server->daemon)
		stop_daemon(server->daemon);
	if (server->handles == 0)
		free_server(server);
	else
		uv_close((uv_handle_t *)&server->timer, on_timer_closed);
}
