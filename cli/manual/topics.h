/* topics.h - what `tapedeck help` explains besides commands: filters, conditions and fields, from their tables. */
#ifndef CLI_MANUAL_TOPICS_H
#define CLI_MANUAL_TOPICS_H

#include <stdio.h>

struct cli_topic {
	const char *name, *summary;
	/* Print it, in lines of at most so many columns. */
	void (*print)(FILE *file, size_t columns);
};

/* All of them, up to one without a name. Static. */
const struct cli_topic *cli_topics(void);

/* The topic of that name, or NULL. */
const struct cli_topic *cli_topic_find(const char *name);

/* Print it on standard output, as wide as the terminal and through a pager. */
void cli_topic_show(const struct cli_topic *topic);

#endif
