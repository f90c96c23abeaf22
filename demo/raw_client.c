#include "demo/raw_client.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "demo/stop.h"

static const int64_t SCAN_NS = 5000000000;

enum { SMALL_BUFFER = 4096, DEFAULT_PORT = 4222 };

/* The numbers in nats://A.B.C.D:PORT */
static struct sockaddr_in address_of(const char *url)
{
	char host[64] = "127.0.0.1";
	unsigned short port = DEFAULT_PORT;
	struct sockaddr_in address = {.sin_family = AF_INET};
	sscanf(url, "nats://%63[0-9.]:%hu", host, &port);
	inet_pton(AF_INET, host, &address.sin_addr);
	address.sin_port = htons(port);
	return address;
}

/* Connect and send the text. The socket, or -1. */
static int connect_and_say(const struct demo_settings *settings, const char *text)
{
	struct sockaddr_in address = address_of(settings->url);
	int small = SMALL_BUFFER, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0 ||
	    send(fd, text, strlen(text), MSG_NOSIGNAL) < 0) {
		perror("demo: raw client");
		close(fd);
		return -1;
	}
	return fd;
}

static void report_ready(const struct demo_settings *settings)
{
	if (settings->ready_fd >= 0 && write(settings->ready_fd, "r", 1) != 1)
		perror("demo: ready");
}

/* Throw away what has arrived. */
static void discard(int fd)
{
	char bytes[SMALL_BUFFER];
	while (recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT) > 0)
		continue;
}

int demo_raw_old_scanner(const struct demo_settings *settings)
{
	int fd = -1;
	report_ready(settings);
	do {
		if (fd >= 0) {
			discard(fd);
			send(fd, "SCAN 4711\r\n", strlen("SCAN 4711\r\n"), MSG_NOSIGNAL);
			close(fd);
		}
		fd = connect_and_say(
		    settings, "CONNECT {\"name\":\"old-scanner\",\"lang\":\"go\",\"version\":\"1.2.0\","
			      "\"verbose\":false,\"pedantic\":false}\r\nSUB events.stock.* 1\r\nPING\r\n");
	} while (!demo_stop_wait(SCAN_NS, false));
	if (fd >= 0)
		close(fd);
	return 0;
}

int demo_raw_wall_board(const struct demo_settings *settings)
{
	int fd = connect_and_say(
	    settings,
	    "CONNECT {\"name\":\"wall-board\",\"lang\":\"c\",\"version\":\"3.4.1\","
	    "\"verbose\":false,\"headers\":true}\r\nSUB events.> 1\r\nSUB documents.> 2\r\nPING\r\n");
	report_ready(settings);
	demo_stop_wait(-1, false);
	if (fd >= 0)
		close(fd);
	return 0;
}
