/* run.h - run a program to its end. */
#ifndef SUPPORT_RUN_H
#define SUPPORT_RUN_H

/* Run args[0] (found in PATH) with its arguments, which end with NULL, standard input empty. Returns the exit
 * status, or 128 + the signal that ended it; *output (may be NULL) gets its standard output and error, owned
 * by the caller. */
int support_run(const char *const *args, char **output);

/* Join the lines of errors, of which all but the first are indented by two blanks, so that a phrase can be searched for. In
 * place; returns text. */
char *support_join_lines(char *text);

#endif
