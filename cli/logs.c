#include "cli/logs.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/log.h"

static bool has_suffix(const char *text, const char *suffix)
{
	size_t len = strlen(text), suffix_len = strlen(suffix);

	return len >= suffix_len && strcmp(text + len - suffix_len, suffix) == 0;
}

bool cli_log_exists(const char *path)
{
	struct stat found;
	struct store_log_segments segments;

	if (stat(path, &found) != 0)
		return false;
	if (!S_ISDIR(found.st_mode))
		return has_suffix(path, ".seg");
	if (store_log_list(&segments, path, NULL) != 0)
		return false;
	store_log_segments_fini(&segments);
	return true;
}

/* A mistake that is easily made: `cat 'orders.>' log` or no log at all. */
static int complain_missing(const struct cli_command *command, const char *path, int error)
{
	if (error == ENOENT && !strchr(path, '/') && strpbrk(path, ".*>"))
		return cli_usage_error(command,
				       "there is no log \"%s\"; the log comes before the subjects: %s", path,
				       command->operands);
	cli_error(command, "cannot open the log \"%s\": %s", path, strerror(error));
	return CLI_IO;
}

static bool is_log(const struct cli_operands *operands, int at)
{
	const char *operand = operands->values[at];

	return at == 0 || strchr(operand, '/') || cli_log_exists(operand);
}

int cli_logs_split(const struct cli_command *command, const struct cli_operands *operands, bool missing_ok,
		   struct cli_operands *logs, struct cli_operands *subjects)
{
	int count = 0;

	if (operands->len == 0)
		return cli_usage_error(command, "which log? Give a log's directory or one of its segments");
	while (count < operands->len && is_log(operands, count)) {
		const char *path = operands->values[count];

		if (access(path, F_OK) != 0 && !(missing_ok && errno == ENOENT))
			return complain_missing(command, path, errno);
		count++;
	}
	*logs = (struct cli_operands){.values = operands->values, .len = count};
	*subjects = (struct cli_operands){.values = operands->values + count, .len = operands->len - count};
	return CLI_GO_ON;
}

int cli_log_error(const struct cli_command *command, const struct wire_fault *fault)
{
	cli_error(command, "%s", fault->text);
	switch (fault->code) {
	case STORE_EDAMAGE: return CLI_FOUND;
	case STORE_EFILTER: return CLI_USAGE;
	default: return CLI_IO;
	}
}
