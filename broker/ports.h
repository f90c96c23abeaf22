/* ports.h - the pid file and the ports file: which process this is and where it listens. */
#ifndef BROKER_PORTS_H
#define BROKER_PORTS_H

#include <stdbool.h>

#include "wire/error.h"

/* Write the process id, as decimal digits without a line end, as nats-server does. 0, or a negated errno with
 * *fault. */
int broker_pid_write(const char *path, struct wire_fault *fault);

/* Where a server listens. A port that is not positive is left out. */
struct broker_ports {
	const char *host, *http_host; /* http_host NULL: as host */
	int port, http_port;
	bool is_tls, is_https; /* URLs begin with tls:// and https:// */
};

/* Write dir/PROGRAM_PID.ports, PROGRAM being the name by which this process was started:
 * {"nats":["nats://127.0.0.1:4222", …],"monitoring":["http://…"]}, one URL for each address of the machine
 * when the host is NULL or unspecified (0.0.0.0, ::), IPv4 before IPv6. The file appears whole. *path (owned) is its name, for removal. 0, or a negated errno with *fault. */
int broker_ports_write(const char *dir, const struct broker_ports *ports, char **path,
		       struct wire_fault *fault);

#endif
