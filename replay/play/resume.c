#include "replay/play/resume.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

int replay_resume_read(const char *path, uint64_t *seq, struct wire_fault *fault)
{
	*seq = 0;
	FILE *file = fopen(path, "re");
	if (!file && errno == ENOENT)
		return 0;
	if (!file)
		return wire_fault_set(fault, -errno, "cannot read %s: %s", path, wire_error_text(-errno));
	int found = fscanf(file, "%" SCNu64, seq);
	fclose(file);
	return found == 1 ? 0 : wire_fault_set(fault, -EINVAL, "%s does not hold a sequence number", path);
}

static int write_line(const char *path, uint64_t seq)
{
	FILE *file = fopen(path, "we");
	if (!file)
		return -errno;
	bool is_written =
	    fprintf(file, "%" PRIu64 "\n", seq) > 0 && fflush(file) == 0 && fsync(fileno(file)) == 0;
	int error = is_written ? 0 : -errno;
	return fclose(file) == 0 ? error : -errno;
}

int replay_resume_write(const char *path, uint64_t seq, struct wire_fault *fault)
{
	char fresh[4096];
	if ((size_t)snprintf(fresh, sizeof fresh, "%s.new", path) >= sizeof fresh)
		return wire_fault_set(fault, -ENAMETOOLONG, "%s: the name is too long", path);
	int error = write_line(fresh, seq);
	if (!error && rename(fresh, path) != 0)
		error = -errno;
	return error ? wire_fault_set(fault, error, "cannot write %s: %s", path, wire_error_text(error)) : 0;
}
