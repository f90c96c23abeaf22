/* reading.c - the reading commands, run on sample logs and captures and held to golden files.
 *
 *   reading [-u] TAPEDECK GOLDEN...     -u rewrites the golden files */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "golden.h"
#include "sample_captures.h"
#include "sample_conversations.h"
#include "sample_logs.h"
#include "sample_services.h"
#include "support/fail.h"
#include "support/tempdir.h"

/* The output of the commands must not depend on who runs the tests. */
static void set_environment(const char *tapedeck)
{
	char program[PATH_MAX], path[PATH_MAX + 1000];

	if (!realpath(tapedeck, program))
		support_fail("%s", tapedeck);
	*strrchr(program, '/') = '\0';
	snprintf(path, sizeof(path), "%s:/usr/bin:/bin", program);
	setenv("PATH", path, 1);
	setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
	setenv("LC_ALL", "C", 1);
	setenv("TAPEDECK_PAGER", "cat", 1);
	unsetenv("TAPEDECK_LOG");
	unsetenv("NO_COLOR");
}

int main(int argc, char **argv)
{
	bool refresh = argc > 1 && strcmp(argv[1], "-u") == 0;
	int first = refresh ? 3 : 2;
	struct support_tempdir dir;
	int failed = 0;
	char path[PATH_MAX];

	if (argc <= first)
		support_fail("usage: reading [-u] TAPEDECK GOLDEN...");
	set_environment(argv[first - 1]);
	char *start = getcwd(NULL, 0);
	support_tempdir_open(&dir);
	if (!start || chdir(dir.path) != 0)
		support_fail("%s", dir.path);
	sample_logs_write();
	sample_services_write();
	sample_conversations_write();
	sample_captures_write();
	for (int i = first; i < argc; i++) {
		if (argv[i][0] == '/')
			snprintf(path, sizeof(path), "%s", argv[i]);
		else
			snprintf(path, sizeof(path), "%s/%s", start, argv[i]);
		failed += !golden_check(path, refresh);
	}
	free(start);
	support_tempdir_close(&dir);
	return failed > 0;
}
