/* suggest.h - find the word that a mistyped one was meant to be. */
#ifndef WIRE_SUGGEST_H
#define WIRE_SUGGEST_H

/* The word of a NULL-terminated list that is most like the typed one; NULL when none is near. */
const char *wire_suggest(const char *typed, const char *const *words);

#endif
