/* server.h - a server as a child process that lives for one run, with a temporary folder of its own.
 *
 * Servers of every kind write the port that the kernel picked into a file below their folder (nats-server's
 * --ports_file_dir), keep what they log in the folder's "log", and stop at SIGINT. */
#ifndef BENCH_SERVER_H
#define BENCH_SERVER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "wire/error.h"

struct bench_server {
	pid_t pid; /* 0 once it has stopped */
	int port;
	char folder[64];
	char log[72];                /* FOLDER/log */
	struct bench_server *behind; /* owned; NULL: none. It ends with this one */
	struct bench_server *front;  /* likewise */
};

struct bench_usage {
	double cpu_s;        /* user and system time of the process, from start to end */
	uint64_t peak_bytes; /* of resident memory */
	uint64_t log_bytes;  /* of all files below FOLDER/log */
};

/* Start argv (NULL-terminated; "%d" at the start of an argument stands for the folder, "%b" for the folder of this
 * program, "%p" for the address of the server that a proxy connects to) and wait until it has written its port. behind: NULL, or copied, and then it
 * belongs to this one, unless server->behind is NULL for lack of memory. 0, or a negative code with *fault; bench_server_remove is due
 * in any case. */
int bench_server_start(struct bench_server *server, const char *const *argv,
		       const struct bench_server *behind, struct wire_fault *fault);

/* Start argv in front of a server: "%p" is its address, and server->port becomes that in front. Likewise. */
int bench_server_front(struct bench_server *server, const char *const *argv, struct wire_fault *fault);

/* Resident memory now, in bytes; 0 when it is not known. */
uint64_t bench_server_resident(const struct bench_server *server);

/* Stop it and read what it used. The log stays until bench_server_remove. 0, or a negative code with *fault when
 * it did not end, or died of a signal. */
int bench_server_stop(struct bench_server *server, struct bench_usage *usage, struct wire_fault *fault);

/* Remove the folder; stops the process first if it still runs. */
void bench_server_remove(struct bench_server *server);

/* Make a temporary folder; remove one with all that is in it. path holds 64 bytes. */
int bench_folder_make(char *path, struct wire_fault *fault);
void bench_folder_remove(const char *path);

/* The bytes of all files below a path. */
uint64_t bench_folder_bytes(const char *path);

/* Is there such a program, on the PATH or (with a slash) at that place? "%b" as above. */
bool bench_program_exists(const char *program);

#endif
