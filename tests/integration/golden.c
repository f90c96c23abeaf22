#include "golden.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "support/fail.h"
#include "support/tempdir.h"

enum { COLUMNS = 80 };

static const char STDERR_FILE[] = "stderr.txt";

static void copy_line(FILE *to, const char *line, size_t len)
{
	fwrite(line, 1, len, to);
	fputc('\n', to);
}

/* Errors are wrapped at 80 columns, further lines indented. A line may be longer only when it is a single word. */
static void check_width(const char *line, size_t len)
{
	size_t indent = strspn(line, " ");

	if (len > COLUMNS && memchr(line + indent, ' ', len - indent))
		support_fail("more than %d columns on stderr: %.*s", COLUMNS, (int)len, line);
}

/* Print the command's stderr, each message marked, its lines joined. */
static void put_stderr(FILE *transcript)
{
	size_t len = 0;
	char *text = support_read_file(STDERR_FILE, &len);

	for (char *line = text; line && *line;) {
		size_t line_len = strcspn(line, "\n");
		bool is_joined = line != text && strncmp(line, "  ", 2) == 0;

		check_width(line, line_len);
		fputs(line == text ? "! " : is_joined ? " " : "\n! ", transcript);
		fwrite(line + 2 * is_joined, 1, line_len - 2 * is_joined, transcript);
		line += line_len + (line[line_len] == '\n');
	}
	if (len > 0)
		fputc('\n', transcript);
	free(text);
}

static void put_stdout(FILE *transcript, FILE *pipe)
{
	int c, last = '\n';

	while ((c = fgetc(pipe)) != EOF) {
		fputc(c, transcript);
		last = c;
	}
	if (last != '\n')
		fputs("\\ no line end\n", transcript);
}

static void run(FILE *transcript, const char *command, size_t len)
{
	char shell[2000];

	snprintf(shell, sizeof(shell), "{ %.*s\n} 2>%s </dev/null", (int)len, command, STDERR_FILE);
	FILE *pipe = popen(shell, "r");
	if (!pipe)
		support_fail("popen");
	put_stdout(transcript, pipe);
	int status = pclose(pipe);
	put_stderr(transcript);
	int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	if (code != 0)
		fprintf(transcript, "? %d\n", code);
}

/* Run the commands of the golden text. Returns their transcript, owned by the caller. */
static char *replay(const char *golden)
{
	char *text = NULL;
	size_t size = 0;
	FILE *transcript = open_memstream(&text, &size);

	if (!transcript)
		support_fail("open_memstream");
	for (const char *line = golden; *line;) {
		size_t len = strcspn(line, "\n");

		if (line[0] == '#' || line[0] == '$')
			copy_line(transcript, line, len);
		if (line[0] == '$') {
			fflush(transcript);
			run(transcript, line + 1, len - 1);
		}
		line += len + (line[len] == '\n');
	}
	fclose(transcript);
	return text;
}

/* Report the first line that differs, and its command. */
static void report_difference(const char *path, const char *expected, const char *got)
{
	const char *command = expected;
	size_t number = 1;

	for (;;) {
		size_t expected_len = strcspn(expected, "\n"), got_len = strcspn(got, "\n");

		if (expected[0] == '$')
			command = expected;
		if (expected_len != got_len || memcmp(expected, got, got_len) != 0) {
			fprintf(stderr, "%s:%zu: %.*s\n  expected: %.*s\n  got:      %.*s\n", path, number,
				(int)strcspn(command, "\n"), command, (int)expected_len, expected,
				(int)got_len, got);
			return;
		}
		expected += expected_len + (expected[expected_len] == '\n');
		got += got_len + (got[got_len] == '\n');
		number++;
	}
}

bool golden_check(const char *path, bool refresh)
{
	size_t len = 0;
	char *expected = support_read_file(path, &len);

	if (!expected)
		support_fail("%s", path);
	char *got = replay(expected);
	bool is_same = strcmp(expected, got) == 0;
	if (!is_same && refresh)
		support_write_file(path, got, strlen(got));
	else if (!is_same)
		report_difference(path, expected, got);
	free(expected);
	free(got);
	return is_same || refresh;
}
