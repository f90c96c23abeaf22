#include "broker/ports.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#include "net/address.h"

/* Write the file under another name, then rename it. 0 or a negated errno. */
static int write_whole(const char *path, const char *text)
{
	char part[4200];
	if (snprintf(part, sizeof part, "%s.part", path) >= (int)sizeof part)
		return -ENAMETOOLONG;
	int fd = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0)
		return -errno;
	size_t len = strlen(text);
	ssize_t written = write(fd, text, len);
	int result = written == (ssize_t)len ? 0 : written < 0 ? -errno : -EIO;
	close(fd);
	if (result == 0 && rename(part, path) < 0)
		result = -errno;
	if (result < 0)
		unlink(part);
	return result;
}

int broker_pid_write(const char *path, struct wire_fault *fault)
{
	char text[32];
	snprintf(text, sizeof text, "%ld", (long)getpid());
	int result = write_whole(path, text);
	if (result < 0)
		wire_fault_set(fault, result,
			       "cannot write pid file %.300s: %s; choose another place with --pid", path,
			       strerror(-result));
	return result;
}

static bool is_unspecified(const char *host)
{
	return !host || strcmp(host, "0.0.0.0") == 0 || strcmp(host, "::") == 0;
}

static void append_url(json_t *urls, const char *scheme, const char *host, int port)
{
	char address[NET_ADDRESS_TEXT];
	json_array_append_new(
	    urls, json_sprintf("%s://%s", scheme, net_address_text(address, sizeof address, host, port)));
}

static void append_interfaces(json_t *urls, const char *scheme, int port, int family)
{
	uv_interface_address_t *interfaces;
	int count;
	if (uv_interface_addresses(&interfaces, &count) < 0)
		return;
	for (int i = 0; i < count; i++) {
		char host[64] = "";
		if (interfaces[i].address.address4.sin_family != family)
			continue;
		if (family == AF_INET)
			uv_ip4_name(&interfaces[i].address.address4, host, sizeof host);
		else
			uv_ip6_name(&interfaces[i].address.address6, host, sizeof host);
		if (strncmp(host, "fe80:", 5) != 0) /* useless without the name of the interface */
			append_url(urls, scheme, host, port);
	}
	uv_free_interface_addresses(interfaces, count);
}

static json_t *list_urls(const char *scheme, const char *host, int port)
{
	json_t *urls = json_array();
	if (is_unspecified(host)) {
		append_interfaces(urls, scheme, port, AF_INET);
		append_interfaces(urls, scheme, port, AF_INET6);
	} else {
		append_url(urls, scheme, host, port);
	}
	return urls;
}

/* The text of the ports file, owned; NULL when out of memory. */
static char *format_ports(const struct broker_ports *where)
{
	json_t *ports = json_object();
	const char *http_host = where->http_host ? where->http_host : where->host;
	if (where->port > 0)
		json_object_set_new(ports, "nats",
				    list_urls(where->is_tls ? "tls" : "nats", where->host, where->port));
	if (where->http_port > 0)
		json_object_set_new(
		    ports, "monitoring",
		    list_urls(where->is_https ? "https" : "http", http_host, where->http_port));
	char *text = json_dumps(ports, JSON_COMPACT | JSON_PRESERVE_ORDER);
	json_decref(ports);
	return text;
}

int broker_ports_write(const char *dir, const struct broker_ports *ports, char **path,
		       struct wire_fault *fault)
{
	char name[4100];
	*path = NULL;
	int len = snprintf(name, sizeof name, "%s/%s_%ld.ports", dir, program_invocation_short_name,
			   (long)getpid());
	char *text = format_ports(ports);
	char *copy = strdup(name);
	int result = !text || !copy            ? -ENOMEM
		     : len >= (int)sizeof name ? -ENAMETOOLONG
					       : write_whole(name, text);
	free(text);
	if (result == 0) {
		*path = copy;
		return 0;
	}
	free(copy);
	return wire_fault_set(fault, result,
			      "cannot write ports file %.300s: %s; choose another --ports_file_dir", name,
			      strerror(-result));
}
