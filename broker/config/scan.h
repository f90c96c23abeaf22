/* scan.h - the lower half of the configuration parser, inside this folder: characters, blanks, comments, quoted strings,
 * and errors with their place. */
#ifndef BROKER_CONFIG_SCAN_H
#define BROKER_CONFIG_SCAN_H

#include <sys/stat.h>

#include "broker/config/node.h"

enum { BROKER__MAX_DEPTH = 64 }; /* nested blocks and lists, included files and variables counted */

/* One text being read. */
struct broker__source {
	const struct broker__source *parent; /* the text that includes it; NULL for the first */
	json_t *name;                        /* JSON string: its name in messages */
	const char *base;                    /* directory that includes are relative to */
	struct stat identity;                /* zero unless it is a file */
	const char *at, *end;
	int line;
};

struct broker__parser {
	struct broker__source *source;
	json_t *scopes[BROKER__MAX_DEPTH]; /* the enclosing blocks, outermost first, for variables */
	int scopes_len;
	int depth, includes;
	size_t bytes;
	struct wire_fault *fault;
};

/* Fill in the parser's fault with the current place. Returns BROKER_ECONFIG, or -ENOMEM. */
int broker__scan_fail(const struct broker__parser *parser, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
int broker__scan_no_memory(const struct broker__parser *parser);

/* The next byte, -1 at the end. */
int broker__scan_peek(const struct broker__source *source);
bool broker__scan_starts_with(const struct broker__source *source, const char *text);
bool broker__scan_is_newline(int c);
/* Advance to `to`, counting lines. */
void broker__scan_advance(struct broker__source *source, const char *to);
void broker__scan_skip_blanks(struct broker__source *source);
/* Skip white space, newlines, comments and the characters of `also`. */
void broker__scan_skip_filling(struct broker__source *source, const char *also);

/* A value must be followed by a newline, a separator, a comment, the closing bracket or the end. */
int broker__scan_end_of_value(struct broker__parser *parser, char closing);

/* After an opening quote: find the closing one; NULL when there is none. Text in double quotes may have escapes. */
const char *broker__scan_find_quote(const struct broker__source *source, char quote);

/* Strings, as owned nodes; NULL with the fault set. The first two begin at the opening quote or bracket; the
 * third is text[0..len) with its escapes resolved. */
json_t *broker__scan_quoted(struct broker__parser *parser, char quote);
json_t *broker__scan_block_string(struct broker__parser *parser);
json_t *broker__scan_escaped(struct broker__parser *parser, const char *text, size_t len, int line);

/* broker__node in the source being read; the fault is set when it returns NULL. */
json_t *broker__scan_node(const struct broker__parser *parser, json_t *value, int line);

#endif
