/* differential - hold the same conversations with the real nats-server and with ours, and compare their output byte for
 * byte. The real server is the specification; conversations that differ on purpose are listed with the reason, and must
 * differ. The form of conversations: conversation.h.
 *
 *   differential [-n NAME] [-v] [-r] [-t] [-j JOBS] [-d DIFFERENCES] [-x FLAG] [-p PROXY] -o OURS FILE.conv…
 *
 * -n one conversation only; -v always print both transcripts; -r our server records meanwhile; -x a flag that only our
 * server gets, to check that a difference is noticed; -o a path, or nats-server to compare the real server with itself;
 * -p the path of tapedeck: the clients of our server go through its proxy; -t both servers require TLS, clients and the proxy
 * speak it.
 * Exit status: 0 alike · 1 differences · 2 usage · 77 there is no nats-server here. */
#include <getopt.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "differences.h"
#include "player.h"
#include "support/fail.h"

enum { EXIT_SKIPPED = 77, MORE_FLAGS_MAX = 8 };

struct runner {
	struct contender real, ours;
	const char *more_flags[MORE_FLAGS_MAX + 1];
	const char *only; /* name of one conversation, NULL = all */
	bool verbose;
	int jobs_max;
	struct differences differences;
	int failures, done;
};

/* A conversation being held by a child process, which prints to a file. */
struct job {
	pid_t pid;
	FILE *output;
};

/* Report the result of a conversation; returns false when it is a failure. */
static bool judge(const struct runner *runner, const struct conversation *talk,
		  const struct difference *listed, const struct transcript *real,
		  const struct transcript *ours)
{
	bool equal = transcript_equal(real, ours), good = equal == !listed && !real->broken;
	if (real->broken)
		printf("the conversation does not work with the real server: %s\n", talk->name);
	else if (listed && equal)
		printf("listed as different, but it is not: %s\n", talk->name);
	else if (listed)
		printf("differs as listed: %s (%s)\n", talk->name, listed->reason);
	else
		printf("%s: %s\n", equal ? "alike" : "DIFFERS", talk->name);
	if (runner->verbose || !good)
		transcript_print(real, runner->real.label, ours, runner->ours.label);
	return good;
}

static bool hold(const struct runner *runner, const struct conversation *talk, const char *file)
{
	struct transcript real, ours;
	play(talk, &runner->real, &real);
	play(talk, &runner->ours, &ours);
	bool good =
	    judge(runner, talk, differences_find(&runner->differences, file, talk->name), &real, &ours);
	transcript_fini(&real);
	transcript_fini(&ours);
	return good;
}

static void start_job(const struct runner *runner, struct job *job, const struct conversation *talk,
		      const char *file)
{
	*job = (struct job){.output = tmpfile()};
	if (!job->output)
		support_fail("cannot make a temporary file");
	fflush(stdout);
	job->pid = fork();
	if (job->pid < 0)
		support_fail("cannot fork");
	if (job->pid > 0)
		return;
	if (dup2(fileno(job->output), STDOUT_FILENO) < 0 || dup2(fileno(job->output), STDERR_FILENO) < 0)
		_exit(2);
	bool good = hold(runner, talk, file);
	fflush(stdout);
	_exit(good ? 0 : 1);
}

/* Wait for one of the jobs and print its output. */
static void finish_job(struct runner *runner, struct job *jobs, int jobs_len)
{
	int status;
	pid_t pid = wait(&status);
	for (int i = 0; i < jobs_len; i++) {
		if (jobs[i].pid != pid)
			continue;
		char buffer[4096];
		rewind(jobs[i].output);
		for (size_t got; (got = fread(buffer, 1, sizeof(buffer), jobs[i].output)) > 0;)
			fwrite(buffer, 1, got, stdout);
		fclose(jobs[i].output);
		jobs[i].pid = 0;
		runner->failures += status != 0;
		runner->done++;
	}
}

static struct job *free_job(struct job *jobs, int jobs_len)
{
	for (int i = 0; i < jobs_len; i++) {
		if (jobs[i].pid == 0)
			return &jobs[i];
	}
	return NULL;
}

static void hold_all(struct runner *runner, const struct conversations *talks, const char *file)
{
	struct job *jobs = calloc((size_t)runner->jobs_max, sizeof(*jobs));
	if (!jobs)
		support_fail("no memory for jobs");
	int wanted = 0, before = runner->done;
	for (size_t i = 0; i < talks->len; i++) {
		if (runner->only && strcmp(talks->list[i].name, runner->only) != 0)
			continue;
		while (!free_job(jobs, runner->jobs_max))
			finish_job(runner, jobs, runner->jobs_max);
		start_job(runner, free_job(jobs, runner->jobs_max), &talks->list[i], file);
		wanted++;
	}
	while (runner->done - before < wanted)
		finish_job(runner, jobs, runner->jobs_max);
	free(jobs);
}

/* Make the certificates once for all conversations of the file, when one needs them. */
static void open_certificates(struct runner *runner, const struct conversations *talks,
			      struct support_certificates *certificates)
{
	bool are_needed = runner->real.is_secure;
	for (size_t i = 0; i < talks->len; i++)
		are_needed = are_needed || play_needs_certificates(&talks->list[i]);
	if (are_needed)
		support_certificates_open(certificates);
	runner->real.certificates = runner->ours.certificates = are_needed ? certificates : NULL;
}

static void run_file(struct runner *runner, const char *path)
{
	struct conversations talks;
	struct support_certificates certificates;
	char *copy = strdup(path);
	const char *file = basename(copy);
	conversations_open(&talks, path);
	open_certificates(runner, &talks, &certificates);
	hold_all(runner, &talks, file);
	if (runner->real.certificates)
		support_certificates_close(&certificates);
	runner->failures += differences_count_unknown(&runner->differences, file, &talks);
	conversations_close(&talks);
	free(copy);
}

static bool has_real_server(void)
{
	return system("nats-server -v >/dev/null 2>&1") == 0; /* NOLINT: a constant command */
}

static void read_options(struct runner *runner, int argc, char **argv)
{
	size_t more = 0;
	for (int option; (option = getopt(argc, argv, "n:vrtj:d:x:p:o:")) != -1;) {
		switch (option) {
		case 'n': runner->only = optarg; break;
		case 'v': runner->verbose = true; break;
		case 'r': runner->ours.records = true; break;
		case 't': runner->real.is_secure = runner->ours.is_secure = true; break;
		case 'j': runner->jobs_max = atoi(optarg); break;
		case 'd': differences_open(&runner->differences, optarg); break;
		case 'p': runner->ours.proxy = optarg; break;
		case 'o': runner->ours.program = optarg; break;
		case 'x':
			if (more < MORE_FLAGS_MAX)
				runner->more_flags[more++] = optarg;
			break;
		default: exit(2);
		}
	}
	if (!runner->ours.program || optind == argc || runner->jobs_max < 1) {
		fprintf(
		    stderr,
		    "usage: differential [-n NAME] [-v] [-r] [-t] [-j JOBS] [-d FILE] [-x FLAG] [-p PROXY] "
		    "-o OURS FILE.conv...\n");
		exit(2);
	}
}

int main(int argc, char **argv)
{
	struct runner runner = {
	    .real = {.label = "nats-server", .program = "nats-server"},
	    .ours = {.label = "ours", .more_flags = runner.more_flags},
	    .jobs_max = 12,
	};
	read_options(&runner, argc, argv);
	if (!has_real_server()) {
		printf("skipped: nats-server is not in PATH\n");
		return EXIT_SKIPPED;
	}
	for (int i = optind; i < argc; i++)
		run_file(&runner, argv[i]);
	printf("%d conversations, %d failures\n", runner.done, runner.failures);
	differences_close(&runner.differences);
	return runner.failures > 0 || runner.done == 0;
}
