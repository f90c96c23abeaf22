#include "broker/transport.h"

#include <stdio.h>
#include <string.h>

int broker__transport_accept(struct broker__transport *transport, uv_stream_t *listener,
			     const struct broker__transport_events *events, bool *needs_close)
{
	*needs_close = false;
	transport->events = events;
	transport->is_reading = false;
	int status = uv_tcp_init(listener->loop, &transport->tcp);
	if (status < 0)
		return status;
	*needs_close = true;
	transport->tcp.data = transport;
	status = uv_accept(listener, (uv_stream_t *)&transport->tcp);
	if (status == 0)
		uv_tcp_nodelay(&transport->tcp, 1);
	return status;
}

static void on_room(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
	struct broker__transport *transport = handle->data;
	(void)suggested;
	*buf = transport->events->room(transport);
}

static void on_bytes(uv_stream_t *stream, ssize_t len, const uv_buf_t *buf)
{
	struct broker__transport *transport = stream->data;
	if (len == UV_ENOBUFS)
		broker__transport_pause(transport);
	else if (len != 0)
		transport->events->bytes(transport, buf->base, len);
}

void broker__transport_read(struct broker__transport *transport)
{
	if (transport->is_reading || uv_is_closing((uv_handle_t *)&transport->tcp))
		return;
	transport->is_reading = true;
	uv_read_start((uv_stream_t *)&transport->tcp, on_room, on_bytes);
}

void broker__transport_pause(struct broker__transport *transport)
{
	if (!transport->is_reading)
		return;
	transport->is_reading = false;
	uv_read_stop((uv_stream_t *)&transport->tcp);
}

int broker__transport_try(struct broker__transport *transport, const uv_buf_t *bufs, unsigned count)
{
	return uv_try_write((uv_stream_t *)&transport->tcp, bufs, count);
}

static void on_written(uv_write_t *write, int status)
{
	struct broker__transport *transport = write->data;
	transport->events->written(transport, status);
}

int broker__transport_queue(struct broker__transport *transport, const uv_buf_t *buf)
{
	transport->write.data = transport;
	return uv_write(&transport->write, (uv_stream_t *)&transport->tcp, buf, 1, on_written);
}

size_t broker__transport_unwritten(const struct broker__transport *transport)
{
	return uv_stream_get_write_queue_size((const uv_stream_t *)&transport->tcp);
}

static void on_closed(uv_handle_t *handle)
{
	struct broker__transport *transport = handle->data;
	transport->events->closed(transport);
}

void broker__transport_close(struct broker__transport *transport)
{
	if (!uv_is_closing((uv_handle_t *)&transport->tcp))
		uv_close((uv_handle_t *)&transport->tcp, on_closed);
}

static int port_of(const struct sockaddr_storage *address)
{
	if (address->ss_family == AF_INET6)
		return ntohs(((const struct sockaddr_in6 *)address)->sin6_port);
	return ntohs(((const struct sockaddr_in *)address)->sin_port);
}

void broker__transport_peer(const struct broker__transport *transport, char *ip, size_t ip_cap, int *port)
{
	static const char mapped[] = "::ffff:";
	struct sockaddr_storage address = {0};
	int len = sizeof address;
	char text[INET6_ADDRSTRLEN] = "";
	*port = 0;
	if (uv_tcp_getpeername(&transport->tcp, (struct sockaddr *)&address, &len) == 0) {
		uv_ip_name((struct sockaddr *)&address, text, sizeof text);
		*port = port_of(&address);
	}
	bool is_mapped = strncmp(text, mapped, sizeof mapped - 1) == 0 && strchr(text, '.');
	snprintf(ip, ip_cap, "%s", is_mapped ? text + sizeof mapped - 1 : text);
}

int broker__transport_fd(const struct broker__transport *transport)
{
	uv_os_fd_t fd;
	return uv_fileno((const uv_handle_t *)&transport->tcp, &fd) == 0 ? fd : -1;
}
