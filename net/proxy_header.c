#include "net/proxy_header.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wire/error.h"

/* Version 2:
 *
 *	offset  bytes
 *	     0     12  signature
 *	    12      1  version (2) in the upper half, command in the lower one: 0 LOCAL, 1 PROXY
 *	    13      1  family in the upper half: 1 IPv4, 2 IPv6, 3 Unix; transport in the lower one: 1 stream, 2 datagram
 *	    14      2  length of the rest, big-endian
 *	    16         source address, destination address, source port, destination port; then fields that are skipped */
enum {
	V2_HEAD = 16,
	V2_LOCAL = 0x20,
	V2_PROXY = 0x21,
	V2_TCP4 = 0x11,
	V2_TCP6 = 0x21,
	V2_FAMILIES = 4,
	V2_TRANSPORTS = 3,
	IP4 = 4, /* bytes */
	IP6 = 16,
	PORT = 2,
};

static const char signature[12] = "\r\n\r\n\0\r\nQUIT\n";
static const char prefix[6] = "PROXY ";

/* ---- ends ---- */

/* An address of the family as text: IPv4 also when it is mapped into IPv6. */
static void set_end(struct net_proxy_end *end, int family, const void *ip, int port)
{
	struct sockaddr_storage address = {.ss_family = (sa_family_t)family};
	if (family == AF_INET)
		memcpy(&((struct sockaddr_in *)&address)->sin_addr, ip, IP4);
	else
		memcpy(&((struct sockaddr_in6 *)&address)->sin6_addr, ip, IP6);
	net_address_ip(&address, end->ip);
	end->port = port;
}

/* ---- version 1 ---- */

/* The next word of a line, which ends with a space or with the line; "" when there is none. */
static const char *next_word(char **rest)
{
	const char *word = strsep(rest, " ");
	return word ? word : "";
}

static bool read_port(const char *text, int *port)
{
	size_t len = strlen(text);
	*port = atoi(text);
	return len > 0 && len <= 5 && strspn(text, "0123456789") == len && (text[0] != '0' || len == 1) &&
	       *port <= 65535;
}

static bool read_ends(int family, char *rest, struct net_proxy_header *header)
{
	unsigned char source[IP6], destination[IP6];
	int source_port, destination_port;
	const char *source_ip = next_word(&rest), *destination_ip = next_word(&rest);
	if (inet_pton(family, source_ip, source) != 1 || inet_pton(family, destination_ip, destination) != 1)
		return false;
	if (!read_port(next_word(&rest), &source_port) || !read_port(next_word(&rest), &destination_port) ||
	    rest)
		return false;
	header->has_ends = true;
	set_end(&header->source, family, source, source_port);
	set_end(&header->destination, family, destination, destination_port);
	return true;
}

/* A line without its prefix and line end. */
static bool read_line(char *line, struct net_proxy_header *header)
{
	char *rest = line;
	const char *family = next_word(&rest);
	if (strcmp(family, "UNKNOWN") == 0)
		return true;
	if (!rest || (strcmp(family, "TCP4") != 0 && strcmp(family, "TCP6") != 0))
		return false;
	return read_ends(family[3] == '4' ? AF_INET : AF_INET6, rest, header);
}

static int64_t parse_v1(const char *bytes, size_t len, struct net_proxy_header *header, size_t *need)
{
	char line[NET_PROXY_HEADER_V1_MAX];
	size_t shown = len < NET_PROXY_HEADER_V1_MAX ? len : NET_PROXY_HEADER_V1_MAX;
	const char *newline = memchr(bytes, '\n', shown);
	if (!newline && shown == NET_PROXY_HEADER_V1_MAX)
		return NET_EPROXYHEADER;
	if (!newline) {
		*need = len + (bytes[len - 1] == '\r' ? 1 : 2);
		if (*need < NET_PROXY_HEADER_FIRST)
			*need = NET_PROXY_HEADER_FIRST;
		return 0;
	}
	size_t end = (size_t)(newline - bytes);
	if (bytes[end - 1] != '\r' || memchr(bytes, '\0', end))
		return NET_EPROXYHEADER;
	memcpy(line, bytes + sizeof prefix, end - 1 - sizeof prefix);
	line[end - 1 - sizeof prefix] = '\0';
	return read_line(line, header) ? (int64_t)end + 1 : NET_EPROXYHEADER;
}

/* ---- version 2 ---- */

static int big_endian(const char *bytes)
{
	return (unsigned char)bytes[0] << 8 | (unsigned char)bytes[1];
}

/* The bytes of the ends of this family and transport; 0: they are not read. */
static size_t ends_bytes(unsigned char kind)
{
	return kind == V2_TCP4 ? 2 * (IP4 + PORT) : kind == V2_TCP6 ? 2 * (IP6 + PORT) : 0;
}

static void take_ends(const char *bytes, int family, struct net_proxy_header *header)
{
	size_t ip = family == AF_INET ? IP4 : IP6;
	header->has_ends = true;
	set_end(&header->source, family, bytes, big_endian(bytes + 2 * ip));
	set_end(&header->destination, family, bytes + ip, big_endian(bytes + 2 * ip + PORT));
}

static int64_t parse_v2(const char *bytes, size_t len, struct net_proxy_header *header, size_t *need)
{
	*need = V2_HEAD;
	if (len < V2_HEAD)
		return 0;
	unsigned char command = (unsigned char)bytes[12], kind = (unsigned char)bytes[13];
	size_t rest = (size_t)big_endian(bytes + 14), ends = command == V2_PROXY ? ends_bytes(kind) : 0;
	if ((command != V2_LOCAL && command != V2_PROXY) || kind >> 4 >= V2_FAMILIES ||
	    (kind & 0xf) >= V2_TRANSPORTS || rest < ends)
		return NET_EPROXYHEADER;
	*need = V2_HEAD + ends;
	if (len < *need)
		return 0;
	if (ends > 0)
		take_ends(bytes + V2_HEAD, kind == V2_TCP4 ? AF_INET : AF_INET6, header);
	return (int64_t)(V2_HEAD + rest);
}

/* ---- either ---- */

static bool begins(const char *bytes, size_t len, const char *wanted, size_t wanted_len)
{
	return memcmp(bytes, wanted, len < wanted_len ? len : wanted_len) == 0;
}

int64_t net_proxy_header_parse(const char *bytes, size_t len, struct net_proxy_header *header, size_t *need)
{
	*header = (struct net_proxy_header){0};
	*need = NET_PROXY_HEADER_FIRST;
	if (len == 0)
		return 0;
	if (begins(bytes, len, prefix, sizeof prefix))
		return parse_v1(bytes, len, header, need);
	if (begins(bytes, len, signature, sizeof signature))
		return parse_v2(bytes, len, header, need);
	return NET_EPROXYHEADER;
}

/* ---- writing ---- */

/* Read an address: IPv4 mapped into IPv6 when that is wanted. Returns the bytes of ip that are used, 0 on failure. */
static size_t read_ip(const char *text, bool is_v6, unsigned char ip[IP6])
{
	char mapped[NET_IP_TEXT + 8];
	if (!is_v6)
		return inet_pton(AF_INET, text, ip) == 1 ? IP4 : 0;
	snprintf(mapped, sizeof mapped, strchr(text, ':') ? "%s" : "::ffff:%s", text);
	mapped[strcspn(mapped, "%")] = '\0'; /* a scope */
	return inet_pton(AF_INET6, mapped, ip) == 1 ? IP6 : 0;
}

static size_t write_v1(char *bytes, bool is_v6, const unsigned char *source_ip,
		       const unsigned char *destination_ip, int source_port, int destination_port)
{
	char from[NET_IP_TEXT], to[NET_IP_TEXT];
	int family = is_v6 ? AF_INET6 : AF_INET;
	inet_ntop(family, source_ip, from, sizeof from);
	inet_ntop(family, destination_ip, to, sizeof to);
	return (size_t)snprintf(bytes, NET_PROXY_HEADER_ROOM, "PROXY TCP%c %s %s %d %d\r\n",
				is_v6 ? '6' : '4', from, to, source_port, destination_port);
}

static char *put(char *at, const void *bytes, size_t len)
{
	memcpy(at, bytes, len);
	return at + len;
}

static char *put_number(char *at, size_t number)
{
	*at++ = (char)(number >> 8);
	*at++ = (char)number;
	return at;
}

static size_t write_v2(char *bytes, size_t ip_len, const unsigned char *source_ip,
		       const unsigned char *destination_ip, int source_port, int destination_port)
{
	char *at = put(bytes, signature, sizeof signature);
	*at++ = V2_PROXY;
	*at++ = ip_len == IP4 ? V2_TCP4 : V2_TCP6;
	at = put_number(at, 2 * (ip_len + PORT));
	at = put(at, source_ip, ip_len);
	at = put(at, destination_ip, ip_len);
	at = put_number(at, (size_t)source_port);
	at = put_number(at, (size_t)destination_port);
	return (size_t)(at - bytes);
}

static size_t write_local(char *bytes, int version)
{
	static const char line[] = "PROXY UNKNOWN\r\n";
	if (version == 1)
		return (size_t)(put(bytes, line, sizeof line - 1) - bytes);
	char *at = put(bytes, signature, sizeof signature);
	*at++ = V2_LOCAL;
	*at++ = 0;
	return (size_t)(put_number(at, 0) - bytes);
}

size_t net_proxy_header_write(char bytes[NET_PROXY_HEADER_ROOM], int version,
			      const struct net_proxy_end *source, const struct net_proxy_end *destination)
{
	unsigned char from[IP6], to[IP6];
	if (!source || !destination)
		return write_local(bytes, version);
	bool is_v6 = strchr(source->ip, ':') || strchr(destination->ip, ':');
	size_t len = read_ip(source->ip, is_v6, from);
	if (len == 0 || read_ip(destination->ip, is_v6, to) == 0)
		return write_local(bytes, version);
	if (version == 1)
		return write_v1(bytes, is_v6, from, to, source->port, destination->port);
	return write_v2(bytes, len, from, to, source->port, destination->port);
}
