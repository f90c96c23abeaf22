/* transcript.h - the output of a server in a conversation, line by line, in a form in which two servers can
 * be compared. */
#ifndef INTEGRATION_TRANSCRIPT_H
#define INTEGRATION_TRANSCRIPT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

struct transcript {
	char **lines;
	size_t len;
	bool broken; /* a step did not complete: the event that it waits for did not happen */
};

void transcript_fini(struct transcript *transcript);

/* Add a line from a printf format. */
void transcript_note(struct transcript *transcript, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Add what a client received: a line of text for each line of bytes, unprintable bytes as \xHH. An INFO
 * becomes the names and types of its fields, and the values that do not depend on the server. */
void transcript_bytes(struct transcript *transcript, const char *bytes, size_t len, bool with_pings);

/* Sort the lines from `first` on. */
void transcript_sort(struct transcript *transcript, size_t first);

/* "string", "number", …; static. */
const char *transcript_type(const json_t *value);

bool transcript_equal(const struct transcript *a, const struct transcript *b);

/* Print both to stdout side by side, and mark lines that differ. */
void transcript_print(const struct transcript *a, const char *a_name, const struct transcript *b,
		      const char *b_name);

#endif
