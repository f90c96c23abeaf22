/* suggest.h - find the word that a mistyped one was meant to be. */
#ifndef CLI_OPTIONS_SUGGEST_H
#define CLI_OPTIONS_SUGGEST_H

/* The word of a NULL-terminated list that is most like the typed one; NULL when none is near. */
const char *cli_suggest(const char *typed, const char *const *words);

#endif
