/* ports.h - the pid file and the ports file: which process this is and where it listens. */
#ifndef BROKER_PORTS_H
#define BROKER_PORTS_H

#include "wire/error.h"

/* Write the process id, as decimal digits without a line end, as nats-server does. 0, or a negated errno with
 * *fault. */
int broker_pid_write(const char *path, struct wire_fault *fault);

/* Write dir/PROGRAM_PID.ports, PROGRAM being the name by which this process was started:
 * {"nats":["nats://127.0.0.1:4222", …],"monitoring":["http://…"]}, one URL for each address of the machine
 * when the host is NULL or unspecified (0.0.0.0, ::), IPv4 before IPv6. A port that is not positive is left
 * out. The file appears whole. *path (owned) is its name, for removal. 0, or a negated errno with *fault. */
int broker_ports_write(const char *dir, const char *host, int port, const char *http_host, int http_port,
		       char **path, struct wire_fault *fault);

#endif
