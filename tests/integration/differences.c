#include "differences.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/fail.h"
#include "support/tempdir.h"

static void add_entry(struct differences *differences, char *line, const char *path)
{
	char *slash = strstr(line, " / ");
	if (!slash) {
		fprintf(stderr, "%s: expected FILE / NAME: %s\n", path, line);
		exit(2);
	}
	*slash = '\0';
	differences->list =
	    support_grow(differences->list, (differences->len + 1) * sizeof(*differences->list));
	differences->list[differences->len++] =
	    (struct difference){.file = strdup(line), .name = strdup(slash + 3)};
}

static void add_reason(struct differences *differences, const char *line)
{
	while (isspace((unsigned char)*line))
		line++;
	if (differences->len == 0 || !*line)
		return;
	char **reason = &differences->list[differences->len - 1].reason;
	size_t len = *reason ? strlen(*reason) : 0;
	*reason = support_grow(*reason, len + strlen(line) + 2);
	sprintf(*reason + len, "%s%s", len ? " " : "", line);
}

void differences_open(struct differences *differences, const char *path)
{
	*differences = (struct differences){0};
	size_t len;
	char *text = support_read_file(path, &len), *rest;
	if (!text)
		support_fail("cannot read %s", path);
	for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		if (isspace((unsigned char)*line))
			add_reason(differences, line);
		else if (*line != '#')
			add_entry(differences, line, path);
	}
	free(text);
	for (size_t i = 0; i < differences->len; i++) {
		if (differences->list[i].reason)
			continue;
		fprintf(stderr, "%s: no reason: %s\n", path, differences->list[i].name);
		exit(2);
	}
}

void differences_close(struct differences *differences)
{
	for (size_t i = 0; i < differences->len; i++) {
		free(differences->list[i].file);
		free(differences->list[i].name);
		free(differences->list[i].reason);
	}
	free(differences->list);
}

const struct difference *differences_find(const struct differences *differences, const char *file,
					  const char *name)
{
	for (size_t i = 0; i < differences->len; i++) {
		const struct difference *entry = &differences->list[i];
		if (strcmp(entry->file, file) == 0 && strcmp(entry->name, name) == 0)
			return entry;
	}
	return NULL;
}

int differences_count_unknown(const struct differences *differences, const char *file,
			      const struct conversations *talks)
{
	int unknown = 0;
	for (size_t i = 0; i < differences->len; i++) {
		bool found = strcmp(differences->list[i].file, file) != 0;
		for (size_t j = 0; !found && j < talks->len; j++)
			found = strcmp(differences->list[i].name, talks->list[j].name) == 0;
		if (!found) {
			printf("listed as different, but there is no such conversation: %s\n",
			       differences->list[i].name);
			unknown++;
		}
	}
	return unknown;
}
