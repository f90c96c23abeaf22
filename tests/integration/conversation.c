#include "conversation.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/fail.h"
#include "support/tempdir.h"

enum argument { NOTHING, CLIENTS, CLIENT_AND_TEXT, TEXT };

static const struct {
	const char *word;
	enum step_kind kind;
	enum argument argument;
} VERBS[] = {
    {"open", STEP_OPEN, CLIENTS},
    {"small", STEP_SMALL, CLIENTS},
    {"raw", STEP_RAW, CLIENTS},
    {"secure", STEP_SECURE, CLIENT_AND_TEXT},
    {"close", STEP_CLOSE, CLIENTS},
    {"shutdown", STEP_SHUTDOWN, CLIENTS},
    {"sync", STEP_SYNC, CLIENTS},
    {"closed", STEP_CLOSED, CLIENTS},
    {"unordered", STEP_UNORDERED, CLIENTS},
    {"merged", STEP_MERGED, CLIENTS},
    {"muted", STEP_MUTED, CLIENTS},
    {"await", STEP_AWAIT, CLIENT_AND_TEXT},
    {"quiet", STEP_QUIET, CLIENT_AND_TEXT},
    {"config", STEP_CONFIG, TEXT},
    {"reconfig", STEP_RECONFIG, TEXT},
    {"flags", STEP_FLAGS, TEXT},
    {"file", STEP_FILE, TEXT},
    {"signal", STEP_SIGNAL, TEXT},
    {"log", STEP_LOG, TEXT},
    {"http", STEP_HTTP, TEXT},
    {"run", STEP_RUN, TEXT},
    {"show", STEP_SHOW, TEXT},
    {"exists", STEP_EXISTS, TEXT},
    {"stopped", STEP_STOPPED, NOTHING},
    {"pings", STEP_PINGS, NOTHING},
    {"monitoring", STEP_MONITORING, NOTHING},
    {"offline", STEP_OFFLINE, NOTHING},
};

/* The file being read. */
struct place {
	const char *path;
	int line;
	struct conversation *conversation;
};

static _Noreturn void malformed(const struct place *place, const char *what)
{
	fprintf(stderr, "%s:%d: %s\n", place->path, place->line, what);
	exit(2);
}

/* A growing buffer. */
struct bytes {
	char *data;
	size_t len;
};

static void put(struct bytes *bytes, const char *data, size_t len)
{
	bytes->data = support_grow(bytes->data, bytes->len + len + 1);
	memcpy(bytes->data + bytes->len, data, len);
	bytes->len += len;
	bytes->data[bytes->len] = '\0';
}

static const char *put_escape(const struct place *place, const char *at, struct bytes *out);

/* Resolve escapes up to `end`. */
static void put_text(const struct place *place, const char *at, const char *end, struct bytes *out)
{
	while (at < end) {
		const char *escape = memchr(at, '\\', (size_t)(end - at));
		const char *plain_end = escape ? escape : end;
		put(out, at, (size_t)(plain_end - at));
		at = escape ? put_escape(place, escape + 1, out) : end;
	}
}

/* \(N*text): returns the place after it. */
static const char *put_repeated(const struct place *place, const char *at, struct bytes *out)
{
	char *star;
	unsigned long count = strtoul(at, &star, 10);
	const char *end = strchr(at, ')');
	if (*star != '*' || !end)
		malformed(place, "expected \\(N*text)");
	struct bytes once = {0};
	put_text(place, star + 1, end, &once);
	out->data = support_grow(out->data, out->len + count * once.len + 1);
	for (unsigned long i = 0; i < count; i++, out->len += once.len)
		memcpy(out->data + out->len, once.data, once.len);
	out->data[out->len] = '\0';
	free(once.data);
	return end + 1;
}

/* One escape, after its backslash. Returns the place after it. */
static const char *put_escape(const struct place *place, const char *at, struct bytes *out)
{
	static const char LETTERS[] = "rnt\\", MEANINGS[] = "\r\n\t\\";
	const char *letter = *at ? strchr(LETTERS, *at) : NULL;
	if (letter) {
		put(out, &MEANINGS[letter - LETTERS], 1);
		return at + 1;
	}
	if (*at == '(')
		return put_repeated(place, at + 1, out);
	if (*at == 'x' && isxdigit((unsigned char)at[1]) && isxdigit((unsigned char)at[2])) {
		char byte = (char)strtol((char[]){at[1], at[2], '\0'}, NULL, 16);
		put(out, &byte, 1);
		return at + 3;
	}
	malformed(place, "unknown escape");
}

static int client_named(const struct place *place, const char *name, size_t len)
{
	struct conversation *talk = place->conversation;
	for (int i = 0; i < talk->clients_len; i++) {
		if (strlen(talk->clients[i]) == len && memcmp(talk->clients[i], name, len) == 0)
			return i;
	}
	if (talk->clients_len == CLIENTS_MAX || len == 0 || len >= sizeof(talk->clients[0]))
		malformed(place, "too many clients, or no name for a client");
	memcpy(talk->clients[talk->clients_len], name, len);
	return talk->clients_len++;
}

static void add_step(const struct place *place, enum step_kind kind, int client, struct bytes text)
{
	struct conversation *talk = place->conversation;
	talk->steps = support_grow(talk->steps, (talk->steps_len + 1) * sizeof(*talk->steps));
	talk->steps[talk->steps_len++] = (struct step){
	    .kind = kind, .client = client, .text = text.data, .text_len = text.len, .line = place->line};
}

static void add_clients(const struct place *place, enum step_kind kind, const char *names)
{
	for (const char *at = names; *at;) {
		size_t len = strcspn(at, " ");
		if (len > 0)
			add_step(place, kind, client_named(place, at, len), (struct bytes){0});
		at += len + (at[len] == ' ');
	}
}

static void add_verb(const struct place *place, size_t verb, const char *rest)
{
	struct bytes text = {0};
	int client = -1;
	if (VERBS[verb].argument == CLIENTS) {
		add_clients(place, VERBS[verb].kind, rest);
		return;
	}
	if (VERBS[verb].argument == CLIENT_AND_TEXT) {
		size_t len = strcspn(rest, " ");
		client = client_named(place, rest, len);
		rest += len + (rest[len] == ' ');
	}
	put_text(place, rest, rest + strlen(rest), &text);
	add_step(place, VERBS[verb].kind, client, text);
}

/* `a: text`, `a+ text`, `a- text`; false for any other line. */
static bool add_send(const struct place *place, const char *line, size_t word_len, const char *rest)
{
	char how = line[word_len - 1];
	if (how != ':' && how != '+' && how != '-')
		return false;
	struct bytes text = {0};
	put_text(place, rest, rest + strlen(rest), &text);
	if (how != '+')
		put(&text, "\r\n", 2);
	add_step(place, how == '-' ? STEP_SEND_BYTEWISE : STEP_SEND, client_named(place, line, word_len - 1),
		 text);
	return true;
}

static void add_line(const struct place *place, const char *line)
{
	size_t word_len = strcspn(line, " ");
	const char *rest = line + word_len + (line[word_len] == ' ');
	if (!place->conversation)
		malformed(place, "expected == NAME");
	if (add_send(place, line, word_len, rest))
		return;
	for (size_t i = 0; i < sizeof(VERBS) / sizeof(VERBS[0]); i++) {
		if (strlen(VERBS[i].word) == word_len && memcmp(VERBS[i].word, line, word_len) == 0) {
			add_verb(place, i, rest);
			return;
		}
	}
	malformed(place, "unknown step");
}

static void begin(struct place *place, struct conversations *talks, const char *name)
{
	for (size_t i = 0; i < talks->len; i++) {
		if (strcmp(talks->list[i].name, name) == 0)
			malformed(place, "there is a conversation of that name already");
	}
	talks->list = support_grow(talks->list, (talks->len + 1) * sizeof(*talks->list));
	place->conversation = &talks->list[talks->len++];
	*place->conversation = (struct conversation){.name = strdup(name)};
}

void conversations_open(struct conversations *talks, const char *path)
{
	*talks = (struct conversations){0};
	struct place place = {.path = path};
	size_t len;
	char *text = support_read_file(path, &len);
	if (!text)
		support_fail("cannot read %s", path);
	for (char *line = text, *next; line; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		place.line++;
		if (strncmp(line, "== ", 3) == 0)
			begin(&place, talks, line + 3);
		else if (*line && *line != '#')
			add_line(&place, line);
	}
	free(text);
}

void conversations_close(struct conversations *talks)
{
	for (size_t i = 0; i < talks->len; i++) {
		for (size_t j = 0; j < talks->list[i].steps_len; j++)
			free(talks->list[i].steps[j].text);
		free(talks->list[i].steps);
		free(talks->list[i].name);
	}
	free(talks->list);
}

bool conversation_has(const struct conversation *talk, enum step_kind kind)
{
	for (size_t i = 0; i < talk->steps_len; i++) {
		if (talk->steps[i].kind == kind)
			return true;
	}
	return false;
}
