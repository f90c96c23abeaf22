/* floor - the minimal server (bench/floor/server.h), and with --record the minimal log (bench/floor/log.h).
 *
 * Like the servers it is compared with, it writes its port into a file and stops at SIGINT. */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/floor/server.h"

struct settings {
	const char *ports_folder;
	const char *record; /* a file; NULL: nothing is recorded */
	int level;
};

static volatile int stopped;

static void stop(int signal)
{
	(void)signal;
	stopped = 1;
}

static int write_ports_file(const char *folder, int port)
{
	char path[4096], temporary[4096 + 8];
	snprintf(path, sizeof path, "%s/floor_%ld.ports", folder, (long)getpid());
	snprintf(temporary, sizeof temporary, "%s.new", path);
	FILE *file = fopen(temporary, "w");
	if (!file)
		return -errno;
	fprintf(file, "{\"nats\":[\"nats://127.0.0.1:%d\"]}\n", port);
	return fclose(file) == 0 && rename(temporary, path) == 0 ? 0 : -errno;
}

/* Call before any thread is started, so that all of them block the signal. */
static void catch_interrupts(void)
{
	struct sigaction action = {.sa_handler = stop};
	sigset_t interrupts;
	sigemptyset(&interrupts);
	sigaddset(&interrupts, SIGINT);
	sigprocmask(SIG_BLOCK, &interrupts, NULL);
	sigaction(SIGINT, &action, NULL);
}

static int serve(const struct settings *settings)
{
	struct floor_server *server = NULL;
	struct floor_log *log = NULL;
	int error = settings->record ? floor_log_open(&log, settings->record, settings->level) : 0;
	if (!error)
		error = floor_server_open(&server, log);
	if (!error)
		error = write_ports_file(settings->ports_folder, floor_server_port(server));
	if (!error)
		error = floor_server_run(server, &stopped);
	if (server)
		floor_server_close(server);
	int closed = log ? floor_log_close(log) : 0;
	return error ? error : closed;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {{"ports_file_dir", required_argument, NULL, 'p'},
						{"record", required_argument, NULL, 'r'},
						{"level", required_argument, NULL, 'l'},
						{NULL, 0, NULL, 0}};
	struct settings settings = {.level = 1};
	for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
		switch (option) {
		case 'p': settings.ports_folder = optarg; break;
		case 'r': settings.record = optarg; break;
		case 'l': settings.level = atoi(optarg); break;
		default: return 2;
		}
	}
	if (!settings.ports_folder) {
		fputs("usage: floor --ports_file_dir DIR [--record FILE [--level N]]\n", stderr);
		return 2;
	}
	catch_interrupts();
	int error = serve(&settings);
	if (error)
		fprintf(stderr, "floor: %s\n", strerror(-error));
	return error ? 1 : 0;
}
