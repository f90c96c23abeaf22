/* server.h - run a server as a child process: `tapedeck broker …`, or the real nats-server.
 *
 * The server picks its ports and writes them into its ports file. It is killed when the test program dies.
 * Its standard output and error go to the file server.log in its folder, appended. */
#ifndef SUPPORT_SERVER_H
#define SUPPORT_SERVER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "support/deadline.h"

struct support_server_plan {
	const char *program;     /* path, or a name to be found in PATH */
	const char *name;        /* argv[0]; NULL = program */
	const char *command;     /* first argument, "broker"; NULL = none */
	const char *const *args; /* more flags, ends with NULL; NULL = none */
	const char *const *env;  /* NAME=VALUE, ends with NULL; NULL = none */
	const char *dir;         /* for its ports file and its log */
	int port;                /* 0 = any free port */
	bool monitoring;         /* on any free port */
	bool is_proxy;           /* takes its address as `tapedeck proxy` does */
	uint64_t file_bytes_max; /* soft RLIMIT_FSIZE, to be raised by prlimit(2); 0 = no limit */
};

struct support_server {
	pid_t pid; /* 0 = not running */
	int port, http_port;
	int cluster_port;   /* 0: it is no member of a cluster */
	int status;         /* of waitpid(2), once it has ended */
	char log_path[512]; /* its output */
};

/* Start it. Ends the test program when no child can be made; a program that cannot run exits with 127. Borrows the plan
 * during the call. */
void support_server_spawn(struct support_server *server, const struct support_server_plan *plan);

/* Wait until it has written its ports file. 0; -ETIMEDOUT; -ECHILD when it ended instead. */
int support_server_await_ports(struct support_server *server, const struct support_server_plan *plan,
			       struct support_deadline deadline);

/* Both, within 30 s. On failure its log is printed to stderr. */
int support_server_open(struct support_server *server, const struct support_server_plan *plan);

void support_server_signal(struct support_server *server, int signal_number);

/* Wait for its end. 0 with status set, or -ETIMEDOUT. */
int support_server_await_end(struct support_server *server, struct support_deadline deadline);

/* Exit status, or 128 + the signal that ended it, as in a shell. */
int support_server_exit_status(const struct support_server *server);

/* Stop it by SIGTERM, after 20 s by SIGKILL. Returns its exit status. */
int support_server_close(struct support_server *server);

/* kill -9, and collect it. */
void support_server_kill(struct support_server *server);

/* Wait until its log contains text. 0 or -ETIMEDOUT. */
int support_server_await_log(const struct support_server *server, const char *text,
			     struct support_deadline deadline);

/* Peak resident memory so far in bytes, 0 when unknown. Under a sanitizer this says little. */
uint64_t support_server_peak_memory(const struct support_server *server);

#endif
