/* settings.h - the command line of the demo: `demo [OPTION…] [ROLE [NAME]]`. */
#ifndef DEMO_SETTINGS_H
#define DEMO_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

struct demo_settings {
	const char *role, *name; /* "" = run the whole platform */
	const char *url;
	const char *truth;    /* directory of the ground truth; NULL = none */
	const char *domains;  /* comma-separated; NULL = all */
	double seconds;       /* during which workflows are posted */
	double rate;          /* workflows per second, of all users together; 0 = no users run */
	double work_ms;       /* of every service; 0 = as the platform's table says */
	unsigned concurrency; /* of every service; 0 = as the platform's table says */
	unsigned member;      /* number of this process in its queue group */
	int ready_fd;         /* gets one byte when this process is subscribed; -1 = none */
	bool has_faults;      /* plant the faults */
	int64_t started_ns;   /* steady clock, when this process began */
	int args_len;
	char *const *args; /* the options as they were given, without role and name */
};

/* Parse the command line. 0; 1 after --help, --list or --faults-list; 2 after an error, which was printed. */
int demo_settings_parse(struct demo_settings *settings, int argc, char **argv);

#endif
