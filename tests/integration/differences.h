/* differences.h - the conversations in which we differ from the real server on purpose.
 *
 * A text file; # begins a comment:
 *
 *   limits.conv / the name of the conversation
 *   	the reason, indented, in as many lines as it takes */
#ifndef INTEGRATION_DIFFERENCES_H
#define INTEGRATION_DIFFERENCES_H

#include "conversation.h"

struct difference {
	char *file, *name;
	char *reason;
};

struct differences {
	struct difference *list;
	size_t len;
};

/* Read the file. Ends the program when it is malformed: an entry without a reason. */
void differences_open(struct differences *differences, const char *path);
void differences_close(struct differences *differences);

/* The entry for a conversation of a file (its name without folders); NULL when it must not differ. */
const struct difference *differences_find(const struct differences *differences, const char *file,
					  const char *name);

/* Report on stdout the entries for this file that name none of its conversations. Returns how many. */
int differences_count_unknown(const struct differences *differences, const char *file,
			      const struct conversations *conversations);

#endif
