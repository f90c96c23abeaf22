/* parse.c - a recursive-descent parser of nats-server's configuration syntax, bounded in depth, in the
 * number of included files and in bytes, so that no file can exhaust stack or memory. */
#include "broker/config/parse.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "broker/config/scan.h"

enum {
	MAX_INCLUDES = 256,
	MAX_BYTES = 16 << 20, /* all files together */
	MAX_PATH = 4096,
};

static json_t *parse_value(struct broker__parser *parser, char closing);
static int parse_members(struct broker__parser *parser, json_t *block, char closing);

/* ---- variables ---- */

/* Parse the text of an environment variable as one value. */
static json_t *parse_environment(struct broker__parser *parser, const char *name, const char *text)
{
	char label[100];
	snprintf(label, sizeof label, "environment variable %.60s", name);
	struct broker__source *outer = parser->source;
	struct broker__source source = {.parent = outer,
					.name = json_string_nocheck(label),
					.base = outer->base,
					.at = text,
					.end = text + strlen(text),
					.line = 1};
	parser->source = &source;
	json_t *node = source.name ? parse_value(parser, '\0') : NULL;
	broker__scan_skip_filling(&source, "");
	if (node && broker__scan_peek(&source) != -1) {
		broker__scan_fail(parser, "is more than one value; put it in quotes");
		json_decref(node);
		node = NULL;
	}
	parser->source = outer;
	json_decref(source.name);
	return node;
}

/* Innermost block first, then the environment. Owned node. */
static json_t *resolve_variable(struct broker__parser *parser, const char *name)
{
	for (int i = parser->scopes_len - 1; i >= 0; i--) {
		json_t *node = json_object_get(parser->scopes[i], name);
		if (!node)
			continue;
		json_object_set_new(node, "used", json_true());
		return json_incref(node);
	}
	const char *text = getenv(name);
	if (!text) {
		broker__scan_fail(
		    parser,
		    "variable $%.60s is not set; define it above or in the environment, or quote the string",
		    name);
		return NULL;
	}
	parser->bytes += strlen(text);
	if (parser->depth >= BROKER__MAX_DEPTH || parser->bytes > MAX_BYTES) {
		broker__scan_fail(parser, "variable $%.60s refers to itself", name);
		return NULL;
	}
	parser->depth++;
	json_t *node = parse_environment(parser, name, text);
	parser->depth--;
	return node;
}

/* Unquoted bcrypt hashes look like variables. */
static bool is_bcrypt(const char *word)
{
	return strncmp(word, "$2a$", 4) == 0 || strncmp(word, "$2b$", 4) == 0 ||
	       strncmp(word, "$2y$", 4) == 0;
}

static json_t *parse_word(struct broker__parser *parser)
{
	struct broker__source *source = parser->source;
	size_t len = 0;
	while (source->at + len < source->end && !strchr(" \t\r\n,;]}", source->at[len]))
		len++;
	if (len == 0) {
		broker__scan_fail(parser, "expected a value here");
		return NULL;
	}
	char *word = strndup(source->at, len);
	source->at += len;
	json_t *node = NULL;
	if (!word)
		broker__scan_no_memory(parser);
	else if (memchr(word, '\\', len))
		node = broker__scan_escaped(parser, word, len, source->line);
	else if (word[0] == '$' && !is_bcrypt(word))
		node = resolve_variable(parser, word + 1);
	else
		node = broker__node_scalar(word, len, source->name, source->line, parser->fault);
	free(word);
	return node;
}

/* ---- lists and blocks ---- */

static int parse_items(struct broker__parser *parser, json_t *list)
{
	struct broker__source *source = parser->source;
	for (;;) {
		broker__scan_skip_filling(source, ",");
		if (broker__scan_peek(source) == ']') {
			source->at++;
			return 0;
		}
		if (broker__scan_peek(source) == -1)
			return broker__scan_fail(parser, "a list has no closing ']'");
		json_t *item = parse_value(parser, ']');
		if (!item)
			return BROKER_ECONFIG;
		if (json_array_append_new(list, item) < 0)
			return broker__scan_no_memory(parser);
		if (broker__scan_end_of_value(parser, ']') < 0)
			return BROKER_ECONFIG;
	}
}

static json_t *parse_list(struct broker__parser *parser)
{
	int line = parser->source->line;
	json_t *list = json_array();
	parser->source->at++;
	if (!list || parse_items(parser, list) < 0) {
		json_decref(list);
		return NULL;
	}
	return broker__scan_node(parser, list, line);
}

static json_t *parse_block(struct broker__parser *parser)
{
	int line = parser->source->line;
	json_t *block = json_object();
	parser->source->at++;
	if (!block || parse_members(parser, block, '}') < 0) {
		json_decref(block);
		return NULL;
	}
	return broker__scan_node(parser, block, line);
}

static json_t *parse_nested(struct broker__parser *parser, json_t *(*parse)(struct broker__parser *))
{
	if (parser->depth >= BROKER__MAX_DEPTH) {
		broker__scan_fail(parser, "more than %d nested blocks and lists", BROKER__MAX_DEPTH);
		return NULL;
	}
	parser->depth++;
	json_t *node = parse(parser);
	parser->depth--;
	return node;
}

/* Parse one value; skip blanks before it, and leave what follows. closing is the bracket that ends the enclosing
 * list or block. Owned node, or NULL with the fault set. */
static json_t *parse_value(struct broker__parser *parser, char closing)
{
	broker__scan_skip_blanks(parser->source);
	int c = broker__scan_peek(parser->source);
	switch (c) {
	case '{': return parse_nested(parser, parse_block);
	case '[': return parse_nested(parser, parse_list);
	case '"':
	case '\'': return broker__scan_quoted(parser, (char)c);
	case '(': return broker__scan_block_string(parser);
	default: break;
	}
	if (c == -1 || c == closing || broker__scan_is_newline(c)) {
		broker__scan_fail(parser, "expected a value here");
		return NULL;
	}
	return parse_word(parser);
}

/* ---- files ---- */

static bool is_being_read(const struct broker__source *source, const struct stat *identity)
{
	for (; source; source = source->parent)
		if (source->identity.st_ino == identity->st_ino &&
		    source->identity.st_dev == identity->st_dev && source->identity.st_ino != 0)
			return true;
	return false;
}

/* Read at most limit bytes of an open file into *text (owned). Returns the count, or a negated errno. */
static int64_t read_all(int fd, size_t limit, char **text)
{
	size_t len = 0, room = 0;
	*text = NULL;
	for (;;) {
		if (len == room) {
			room = room ? room * 2 : 16384;
			char *grown = realloc(*text, room);
			if (!grown)
				return -ENOMEM;
			*text = grown;
		}
		ssize_t got = read(fd, *text + len, room - len);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return got < 0 ? -errno : (int64_t)len;
		len += (size_t)got;
		if (len > limit)
			return -EFBIG;
	}
}

/* `path` up to its last '/', "." when it has none. */
static void directory_of(const char *path, char *directory)
{
	const char *slash = strrchr(path, '/');
	if (!slash)
		snprintf(directory, MAX_PATH, ".");
	else
		snprintf(directory, MAX_PATH, "%.*s", slash == path ? 1 : (int)(slash - path), path);
}

static int parse_text(struct broker__parser *parser, json_t *block)
{
	struct broker__source *source = parser->source;
	if (memchr(source->at, '\0', (size_t)(source->end - source->at)))
		return broker__scan_fail(parser, "is not text: it holds a NUL byte");
	broker__scan_skip_filling(source, ",;");
	bool is_wrapped = broker__scan_peek(source) == '{'; /* JSON is a configuration too */
	if (is_wrapped)
		source->at++;
	if (parse_members(parser, block, is_wrapped ? '}' : '\0') < 0)
		return BROKER_ECONFIG;
	broker__scan_skip_filling(source, ",;");
	return broker__scan_peek(source) == -1
		   ? 0
		   : broker__scan_fail(parser, "unexpected '%c'", broker__scan_peek(source));
}

/* Read an open file into `block`. */
static int parse_open_file(struct broker__parser *parser, int fd, const char *path, json_t *block)
{
	char base[MAX_PATH];
	char *text = NULL;
	struct broker__source source = {.parent = parser->source, .base = base, .line = 1};
	struct broker__source *outer = parser->source;
	directory_of(path, base);
	int64_t len = fstat(fd, &source.identity) < 0 ? -errno : 0;
	if (len == 0 && is_being_read(outer, &source.identity))
		return broker__scan_fail(parser, "circular include of \"%.100s\"", path);
	if (len == 0)
		len = parser->bytes > MAX_BYTES ? -EFBIG : read_all(fd, MAX_BYTES - parser->bytes, &text);
	int result;
	if (len < 0) {
		result = wire_fault_set(parser->fault, BROKER_ECONFIG, "cannot read %.300s: %s", path,
					strerror((int)-len));
	} else {
		parser->bytes += (size_t)len;
		source.at = text;
		source.end = text + len;
		source.name = json_string_nocheck(path);
		parser->source = &source;
		result = source.name ? parse_text(parser, block) : broker__scan_no_memory(parser);
		parser->source = outer;
	}
	json_decref(source.name);
	free(text);
	return result;
}

static int parse_file(struct broker__parser *parser, const char *path, json_t *block)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return parser->source
			   ? broker__scan_fail(parser, "cannot include \"%.150s\": %s", path, strerror(errno))
			   : wire_fault_set(parser->fault, BROKER_ECONFIG, "cannot read %.300s: %s", path,
					    strerror(errno));
	int result = parse_open_file(parser, fd, path, block);
	close(fd);
	return result;
}

/* After `include`: read the named file into the current block. */
static int parse_include(struct broker__parser *parser, json_t *block)
{
	char path[MAX_PATH];
	json_t *node = parse_value(parser, '}');
	if (!node)
		return BROKER_ECONFIG;
	const char *name = json_string_value(broker__node_value(node));
	int result = 0;
	if (!name)
		result = broker__scan_fail(parser, "include: expected a file name, found %s",
					   broker__node_kind(node));
	else if (parser->depth >= BROKER__MAX_DEPTH || ++parser->includes > MAX_INCLUDES)
		result = broker__scan_fail(parser, "more than %d included files, or too deeply nested",
					   MAX_INCLUDES);
	if (result == 0) {
		bool is_absolute = name[0] == '/';
		int len = snprintf(path, sizeof path, "%s%s%s", is_absolute ? "" : parser->source->base,
				   is_absolute ? "" : "/", name);
		parser->depth++;
		result = len >= MAX_PATH ? broker__scan_fail(parser, "include: the path is too long")
					 : parse_file(parser, path, block);
		parser->depth--;
	}
	json_decref(node);
	return result;
}

/* ---- members ---- */

/* Read a key, quoted or bare, as an owned string; *is_bare distinguishes `include` from "include". */
static char *parse_key(struct broker__parser *parser, bool *is_bare)
{
	struct broker__source *source = parser->source;
	int quote = broker__scan_peek(source);
	*is_bare = quote != '"' && quote != '\'';
	size_t len = 0;
	if (!*is_bare) {
		source->at++;
		const char *end = broker__scan_find_quote(source, (char)quote);
		if (!end) {
			broker__scan_fail(parser, "a quoted key has no closing %c", quote);
			return NULL;
		}
		len = (size_t)(end - source->at);
	} else {
		while (source->at + len < source->end && !strchr(" \t\r\n=:{}[],;", source->at[len]))
			len++;
	}
	if (len == 0 && *is_bare) {
		broker__scan_fail(parser, "expected a key, found '%c'", quote);
		return NULL;
	}
	char *key = strndup(source->at, len);
	broker__scan_advance(source, source->at + len + !*is_bare);
	if (!key)
		broker__scan_no_memory(parser);
	return key;
}

/* Skip the separator between key and value. On the next line a value must begin with a bracket: otherwise a missing
 * value would take the next key as its value. True when there was a '=' or ':'. */
static bool skip_separator(struct broker__source *source)
{
	broker__scan_skip_blanks(source);
	bool has_separator = broker__scan_peek(source) == '=' || broker__scan_peek(source) == ':';
	if (has_separator)
		source->at++;
	struct broker__source ahead = *source;
	broker__scan_skip_filling(&ahead, "");
	if (broker__scan_peek(&ahead) > 0 && strchr("{[(", broker__scan_peek(&ahead)))
		*source = ahead;
	return has_separator;
}

static int parse_member(struct broker__parser *parser, json_t *block, char closing)
{
	bool is_bare;
	char *key = parse_key(parser, &is_bare);
	if (!key)
		return BROKER_ECONFIG;
	int result = 0;
	bool has_separator = skip_separator(parser->source);
	if (is_bare && !has_separator && strcasecmp(key, "include") == 0) {
		result = parse_include(parser, block);
	} else {
		json_t *node = parse_value(parser, closing);
		if (!node)
			result = BROKER_ECONFIG;
		else if (json_object_set_new_nocheck(block, key, node) < 0)
			result = broker__scan_no_memory(parser);
	}
	free(key);
	return result < 0 ? result : broker__scan_end_of_value(parser, closing);
}

static int parse_member_list(struct broker__parser *parser, json_t *block, char closing)
{
	struct broker__source *source = parser->source;
	for (;;) {
		broker__scan_skip_filling(source, ",;");
		if (closing && broker__scan_peek(source) == closing) {
			source->at++;
			return 0;
		}
		if (broker__scan_peek(source) == -1)
			return closing ? broker__scan_fail(parser, "a block has no closing '%c'", closing)
				       : 0;
		int result = parse_member(parser, block, closing);
		if (result < 0)
			return result;
	}
}

/* Parse the members of a block, its closing bracket included; closing '\0': up to the end of the text. */
static int parse_members(struct broker__parser *parser, json_t *block, char closing)
{
	bool is_new_scope = parser->scopes_len == 0 || parser->scopes[parser->scopes_len - 1] != block;
	if (is_new_scope && parser->scopes_len == BROKER__MAX_DEPTH)
		return broker__scan_fail(parser, "more than %d nested blocks", BROKER__MAX_DEPTH);
	if (is_new_scope)
		parser->scopes[parser->scopes_len++] = block;
	int result = parse_member_list(parser, block, closing);
	if (is_new_scope)
		parser->scopes_len--;
	return result;
}

static json_t *finish(json_t *block, int result, const char *name)
{
	json_t *file = result < 0 ? NULL : json_string_nocheck(name);
	json_t *node = file ? broker__node(json_incref(block), file, 1) : NULL;
	json_decref(file);
	json_decref(block);
	return node;
}

json_t *broker_config_parse_file(const char *path, struct wire_fault *fault)
{
	struct broker__parser parser = {.fault = fault};
	json_t *block = json_object();
	int result = block ? parse_file(&parser, path, block) : broker__scan_no_memory(&parser);
	return finish(block, result, path);
}

json_t *broker_config_parse(const char *text, size_t len, const char *name, const char *base,
			    struct wire_fault *fault)
{
	struct broker__source source = {
	    .name = json_string_nocheck(name), .base = base, .at = text, .end = text + len, .line = 1};
	struct broker__parser parser = {.source = &source, .fault = fault};
	json_t *block = json_object();
	int result = block && source.name ? parse_text(&parser, block) : broker__scan_no_memory(&parser);
	json_t *node = finish(block, result, name);
	json_decref(source.name);
	return node;
}
