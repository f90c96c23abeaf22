#include "demo/settings.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "demo/faults.h"
#include "demo/message.h"
#include "demo/platform.h"
#include "demo/roles.h"
#include "demo/users.h"

enum { MEMBER = 256, READY_FD, LIST, LIST_FAULTS };

static const struct option options[] = {{"url", required_argument, NULL, 'u'},
					{"truth", required_argument, NULL, 't'},
					{"seconds", required_argument, NULL, 's'},
					{"rate", required_argument, NULL, 'r'},
					{"concurrency", required_argument, NULL, 'c'},
					{"work", required_argument, NULL, 'w'},
					{"domains", required_argument, NULL, 'd'},
					{"faults", no_argument, NULL, 'f'},
					{"member", required_argument, NULL, MEMBER},
					{"ready-fd", required_argument, NULL, READY_FD},
					{"list", no_argument, NULL, LIST},
					{"list-faults", no_argument, NULL, LIST_FAULTS},
					{"help", no_argument, NULL, 'h'},
					{NULL, 0, NULL, 0}};

static void print_help(void)
{
	printf("Usage: demo [OPTION...] [ROLE [NAME]]\n"
	       "Run an order platform of %d services on a NATS server, or one role of it.\n\n"
	       "  --url URL          the server (nats://127.0.0.1:4222)\n"
	       "  --seconds N        how long workflows are posted (60)\n"
	       "  --rate N           workflows per second (5); each makes about 90 messages. 0: no users\n"
	       "  --truth DIR        write the ground truth, a file for each process\n"
	       "  --faults           plant the faults of --list-faults\n"
	       "  --domains A,B      only the steps and services of these domains\n"
	       "  --concurrency N    messages that a service handles at once (as in --list)\n"
	       "  --work MS          how long every service works on a message, on average (as in the "
	       "platform's table)\n"
	       "  --list             print the services\n"
	       "  --list-faults      print the faults\n\nRoles:\n",
	       DEMO_SERVICES);
	demo_roles_print();
}

static void print_services(void)
{
	for (size_t i = 0; i < DEMO_SERVICES; i++) {
		const struct demo_service *service = &demo_services[i];
		printf("%-18s %-9s %-26s %s %s\n", service->name, service->domain, service->listens,
		       service->action == DEMO_REPLIES ? "replies" : "publishes",
		       service->emits ? service->emits : "");
	}
}

static void print_faults(void)
{
	for (size_t i = 0; i < demo_faults_len; i++)
		printf("%-18s %s\n", demo_faults[i].check, demo_faults[i].text);
}

static bool parse_number(const char *text, double *number)
{
	char *end;
	*number = strtod(text, &end);
	return end != text && *end == '\0' && *number >= 0;
}

static void apply_number(struct demo_settings *settings, int option, double number)
{
	switch (option) {
	case 's': settings->seconds = number; break;
	case 'r': settings->rate = number; break;
	case 'w': settings->work_ms = number; break;
	case 'c': settings->concurrency = (unsigned)number; break;
	case MEMBER: settings->member = (unsigned)number; break;
	default: settings->ready_fd = (int)number; break;
	}
}

/* 0, 1 or 2, as demo_settings_parse. */
static int apply(struct demo_settings *settings, int option)
{
	double number;
	switch (option) {
	case 'u': settings->url = optarg; return 0;
	case 't': settings->truth = optarg; return 0;
	case 'd': settings->domains = optarg; return 0;
	case 'f': settings->has_faults = true; return 0;
	case 'h': print_help(); return 1;
	case LIST: print_services(); return 1;
	case LIST_FAULTS: print_faults(); return 1;
	case '?': return 2;
	default: break;
	}
	if (!parse_number(optarg, &number)) {
		fprintf(stderr, "demo: \"%s\" is not a number\n", optarg);
		return 2;
	}
	apply_number(settings, option, number);
	return 0;
}

int demo_settings_parse(struct demo_settings *settings, int argc, char **argv)
{
	*settings = (struct demo_settings){.role = "platform",
					   .name = "",
					   .url = "nats://127.0.0.1:4222",
					   .seconds = 60,
					   .rate = 5,
					   .ready_fd = -1,
					   .started_ns = demo_steady_ns()};
	int option;
	while ((option = getopt_long(argc, argv, "+", options, NULL)) != -1) {
		int applied = apply(settings, option);
		if (applied != 0)
			return applied;
	}
	settings->args = argv + 1;
	settings->args_len = optind - 1;
	if (optind < argc)
		settings->role = argv[optind++];
	if (optind < argc)
		settings->name = argv[optind++];
	return 0;
}
