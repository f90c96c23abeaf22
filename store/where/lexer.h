/* lexer.h - cut a condition (docs/filters.md) into tokens. Internal to store. Pure. */
#ifndef STORE_WHERE_LEXER_H
#define STORE_WHERE_LEXER_H

#include <stdint.h>

#include "store/where/program.h"

enum store__token_kind {
	STORE__TOKEN_END,
	STORE__TOKEN_OPEN,        /* ( */
	STORE__TOKEN_CLOSE,       /* ) */
	STORE__TOKEN_AND,         /* && */
	STORE__TOKEN_OR,          /* || */
	STORE__TOKEN_NOT,         /* ! */
	STORE__TOKEN_TEST,        /* == != < <= > >= ~ !~ */
	STORE__TOKEN_STRING,      /* text: between its quotes, as written */
	STORE__TOKEN_NUMBER,      /* text: digits and what follows without a space: 100, -2.5e3, 64KiB */
	STORE__TOKEN_PATH,        /* $… */
	STORE__TOKEN_WORD,        /* letters */
	STORE__TOKEN_DOT,         /* . */
	STORE__TOKEN_BRACKET,     /* [ */
	STORE__TOKEN_BRACKET_END, /* ] */
	STORE__TOKEN_BAD,         /* text: nothing that the language knows */
};

struct store__token {
	enum store__token_kind kind;
	enum store__where_operator operator; /* STORE__TOKEN_TEST */
	const char *start;                   /* its first byte, for messages */
	struct wire_slice text;
	const char *hint; /* STORE__TOKEN_BAD: what to write instead; NULL = nothing is known. Static */
};

struct store__lexer {
	const char *start, *at, *end;
};

/* The next token; at the end again and again STORE__TOKEN_END. Slices borrow the expression. */
struct store__token store__lexer_next(struct store__lexer *lexer);

/* The text of a name that follows a dot without a space: letters, digits, '-' and '_'. Empty when there is none. */
struct wire_slice store__lexer_name(struct store__lexer *lexer);

/* Fill in *fault with a complaint about the byte `at` that names its column. Returns STORE_EFILTER. */
int store__lexer_fault(const struct store__lexer *lexer, const char *at, struct wire_fault *fault,
		       const char *format, ...) __attribute__((format(printf, 4, 5)));

#endif
