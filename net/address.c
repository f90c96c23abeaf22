#include "net/address.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

const char *net_address_text(char *text, size_t size, const char *host, int port)
{
	snprintf(text, size, strchr(host, ':') ? "[%s]:%d" : "%s:%d", host, port);
	return text;
}

/* A port number, or an empty text. */
static bool read_port(const char *text, int missing_port, int *port)
{
	char *end;
	long number = strtol(text, &end, 10);
	*port = number > 0 ? (int)number : missing_port;
	return !*end && number >= -1 && number <= 65535;
}

bool net_address_split(const char *text, int missing_port, char *host, int *port)
{
	bool is_bracketed = text[0] == '[';
	const char *host_end = is_bracketed ? strchr(text, ']') : strchrnul(text, ':');
	if (!host_end)
		return false;
	const char *rest = host_end + is_bracketed;
	size_t len = (size_t)(host_end - text) - is_bracketed;
	if (len >= NET_HOST_TEXT || (*rest && *rest != ':') || strchr(*rest ? rest + 1 : rest, ':'))
		return false;
	memcpy(host, text + is_bracketed, len);
	host[len] = '\0';
	return read_port(*rest ? rest + 1 : rest, missing_port, port);
}

int net_address_resolve(struct sockaddr_storage *address, const char *host, int port)
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

int net_address_ip(const struct sockaddr_storage *address, char *ip)
{
	static const char mapped[] = "::ffff:";
	char text[NET_IP_TEXT] = "";
	if (address->ss_family != AF_INET && address->ss_family != AF_INET6) {
		ip[0] = '\0';
		return 0;
	}
	uv_ip_name((const struct sockaddr *)address, text, sizeof text);
	bool is_mapped = strncmp(text, mapped, sizeof mapped - 1) == 0 && strchr(text, '.');
	snprintf(ip, NET_IP_TEXT, "%s", is_mapped ? text + sizeof mapped - 1 : text);
	if (address->ss_family == AF_INET6)
		return ntohs(((const struct sockaddr_in6 *)address)->sin6_port);
	return ntohs(((const struct sockaddr_in *)address)->sin_port);
}
