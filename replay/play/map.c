#include "replay/play/map.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <xxhash.h>

#include "wire/subject.h"

enum { WILDCARDS_MAX = 32, SEEN_BITS = 16, SEEN_MAX = 1 << SEEN_BITS, PROBES = 8 };

struct rule {
	char *text;                        /* as it was given; owned, and so what follows */
	struct wire_slice pattern, target; /* borrow text, cut in two */
	uint64_t uses;
	bool joins;
};

/* A subject and what it was renamed to, by hashes; result 0: free. */
struct seen {
	uint64_t result, origin;
};

struct replay_map {
	struct rule *rules;
	size_t count;
	char *buffer; /* the last result */
	size_t buffer_bytes;
	struct seen *seen; /* SEEN_MAX of them */
	uint64_t collisions;
	char example[200];
};

/* The texts that the wildcards of a pattern matched. */
struct captures {
	struct wire_slice stars[WILDCARDS_MAX];
	struct wire_slice rest; /* of '>' */
};

/* One piece of a new subject: a text, or a variable. */
struct piece {
	enum { PIECE_TEXT, PIECE_STAR, PIECE_REST, PIECE_CLONE } kind;
	struct wire_slice text; /* PIECE_TEXT */
	unsigned star;          /* PIECE_STAR: from 1 */
};

struct replay_map *replay_map_open(void)
{
	struct replay_map *map = calloc(1, sizeof *map);
	if (!map)
		return NULL;
	map->seen = calloc(SEEN_MAX, sizeof *map->seen);
	if (map->seen)
		return map;
	free(map);
	return NULL;
}

void replay_map_close(struct replay_map *map)
{
	if (!map)
		return;
	for (size_t i = 0; i < map->count; i++)
		free(map->rules[i].text);
	free(map->rules);
	free(map->buffer);
	free(map->seen);
	free(map);
}

/* ---- targets ---- */

static bool takes_word(struct wire_slice rest, struct wire_slice word)
{
	return rest.len >= word.len && memcmp(rest.data, word.data, word.len) == 0;
}

/* Read the variable at the '$' at the start of rest. Its length; 0 when it is a plain '$'. */
static size_t read_variable(struct wire_slice rest, struct piece *piece)
{
	const struct wire_slice clone_name = WIRE_LITERAL("clone");
	struct wire_slice name = wire_slice(rest.data + 1, rest.len - 1);
	size_t digits = 0;
	unsigned number = 0;

	if (takes_word(name, clone_name)) {
		piece->kind = PIECE_CLONE;
		return 1 + clone_name.len;
	}
	for (; digits < name.len && digits < 3 && isdigit((unsigned char)name.data[digits]); digits++)
		number = number * 10 + (unsigned)(name.data[digits] - '0');
	if (digits == 0)
		return 0;
	piece->kind = PIECE_STAR;
	piece->star = number;
	return 1 + digits;
}

/* The next piece of *rest, which is advanced past it. is_start: rest begins a token. False at the end. */
static bool next_piece(struct wire_slice *rest, bool is_start, struct piece *piece)
{
	size_t len = 0;

	if (rest->len == 0)
		return false;
	if (rest->data[0] == '$')
		len = read_variable(*rest, piece);
	if (len == 0 && rest->len == 1 && is_start && rest->data[0] == '>') {
		piece->kind = PIECE_REST;
		len = 1;
	}
	if (len == 0) {
		for (len = 1; len < rest->len && rest->data[len] != '$' && rest->data[len - 1] != '.'; len++)
			;
		*piece = (struct piece){.kind = PIECE_TEXT, .text = wire_slice(rest->data, len)};
	}
	*rest = wire_slice(rest->data + len, rest->len - len);
	return true;
}

static bool starts_token(struct wire_slice whole, struct wire_slice rest)
{
	return rest.data == whole.data || rest.data[-1] == '.';
}

/* ---- adding ---- */

static unsigned count_stars(struct wire_slice pattern, bool *has_rest)
{
	struct wire_slice token;
	unsigned stars = 0;

	*has_rest = false;
	while (wire_subject_next_token(&pattern, &token)) {
		stars += token.len == 1 && token.data[0] == '*';
		*has_rest = token.len == 1 && token.data[0] == '>' && !pattern.data;
	}
	return stars;
}

/* Check that the pattern has the wildcards that the target uses. Sets rule->joins. 0 or -EINVAL. */
static int check_pieces(struct rule *rule, const char *text, struct wire_fault *fault)
{
	bool has_rest, uses_rest = false, used[WILDCARDS_MAX + 1] = {false};
	unsigned stars = count_stars(rule->pattern, &has_rest);
	struct wire_slice rest = rule->target;
	struct piece piece;

	if (stars > WILDCARDS_MAX)
		return wire_fault_set(fault, -EINVAL, "\"%s\" has more than %d wildcards", text,
				      WILDCARDS_MAX);
	while (next_piece(&rest, starts_token(rule->target, rest), &piece)) {
		if (piece.kind == PIECE_STAR && (piece.star == 0 || piece.star > stars))
			return wire_fault_set(fault, -EINVAL,
					      "\"%s\": there is no '*' number %u on the left for $%u", text,
					      piece.star, piece.star);
		if (piece.kind == PIECE_REST && !has_rest)
			return wire_fault_set(fault, -EINVAL,
					      "\"%s\": '>' on the right needs a final '>' on the left", text);
		if (piece.kind == PIECE_STAR)
			used[piece.star] = true;
		uses_rest |= piece.kind == PIECE_REST;
	}
	rule->joins = has_rest && !uses_rest;
	for (unsigned star = 1; star <= stars; star++)
		rule->joins |= !used[star];
	return 0;
}

/* The target gives a subject for every text of the wildcards when it gives one for "x". */
static bool makes_a_subject(struct wire_slice target)
{
	char text[1024];
	size_t len = 0;
	struct wire_slice rest = target;
	struct piece piece;

	while (next_piece(&rest, starts_token(target, rest), &piece)) {
		struct wire_slice put = piece.kind == PIECE_TEXT ? piece.text : WIRE_LITERAL("x");
		if (put.len > sizeof(text) - len)
			return false;
		memcpy(text + len, put.data, put.len);
		len += put.len;
	}
	return wire_subject_is_literal(wire_slice(text, len));
}

static int check_rule(const struct replay_map *map, struct rule *rule, const char *text,
		      struct wire_fault *fault)
{
	if (!wire_subject_is_valid(rule->pattern))
		return wire_fault_set(fault, -EINVAL,
				      "\"%s\": the left of = is neither a subject nor a pattern", text);
	if (!makes_a_subject(rule->target))
		return wire_fault_set(fault, -EINVAL, "\"%s\": the right of = does not give a subject", text);
	for (size_t i = 0; i < map->count; i++)
		if (wire_subject_covers(map->rules[i].pattern, rule->pattern))
			return wire_fault_set(
			    fault, -EINVAL,
			    "\"%s\" can never apply: \"%s\" comes first and matches all of its "
			    "subjects",
			    text, map->rules[i].text);
	return check_pieces(rule, text, fault);
}

/* Copy the text and cut it at the '='. */
static int make_rule(struct rule *rule, const char *text, struct wire_fault *fault)
{
	const char *equals = strchr(text, '=');

	if (!equals)
		return wire_fault_set(fault, -EINVAL, "\"%s\" has no =; write for example 'a.*=b.$1'", text);
	*rule = (struct rule){.text = strdup(text)};
	if (!rule->text)
		return wire_fault_set(fault, -ENOMEM, "out of memory");
	size_t left = (size_t)(equals - text);
	rule->pattern = wire_slice(rule->text, left);
	rule->target = wire_slice_str(rule->text + left + 1);
	return 0;
}

int replay_map_add(struct replay_map *map, const char *text, struct wire_fault *fault)
{
	struct rule rule;
	struct rule *grown = realloc(map->rules, (map->count + 1) * sizeof *grown);

	if (!grown)
		return wire_fault_set(fault, -ENOMEM, "out of memory");
	map->rules = grown;
	int error = make_rule(&rule, text, fault);
	if (error)
		return error;
	error = check_rule(map, &rule, text, fault);
	if (error) {
		free(rule.text);
		return error;
	}
	map->rules[map->count++] = rule;
	return 0;
}

/* ---- applying ---- */

/* Subject and pattern are known to match. */
static void capture(struct wire_slice pattern, struct wire_slice subject, struct captures *captures)
{
	struct wire_slice wanted, token;
	unsigned star = 0;

	while (wire_subject_next_token(&pattern, &wanted)) {
		if (wanted.len == 1 && wanted.data[0] == '>' && !pattern.data) {
			captures->rest = subject;
			return;
		}
		if (!wire_subject_next_token(&subject, &token))
			return;
		if (wanted.len == 1 && wanted.data[0] == '*')
			captures->stars[star++] = token;
	}
}

static struct wire_slice text_of(const struct piece *piece, const struct captures *captures,
				 struct wire_slice clone)
{
	switch (piece->kind) {
	case PIECE_TEXT: return piece->text;
	case PIECE_STAR: return captures->stars[piece->star - 1];
	case PIECE_REST: return captures->rest;
	case PIECE_CLONE: break;
	}
	return clone;
}

static bool append(struct replay_map *map, size_t *len, struct wire_slice text)
{
	if (text.len > map->buffer_bytes - *len) {
		size_t bytes = 2 * (*len + text.len) + 256;
		char *grown = realloc(map->buffer, bytes);
		if (!grown)
			return false;
		map->buffer = grown;
		map->buffer_bytes = bytes;
	}
	if (text.len > 0)
		memcpy(map->buffer + *len, text.data, text.len);
	*len += text.len;
	return true;
}

/* The new subject; when out of memory, the old one. */
static struct wire_slice build(struct replay_map *map, const struct rule *rule, struct wire_slice subject,
			       uint32_t clone)
{
	struct captures captures = {0};
	struct wire_slice rest = rule->target;
	struct piece piece;
	char digits[12];
	size_t len = 0;

	capture(rule->pattern, subject, &captures);
	snprintf(digits, sizeof(digits), "%u", clone);
	while (next_piece(&rest, starts_token(rule->target, rest), &piece))
		if (!append(map, &len, text_of(&piece, &captures, wire_slice_str(digits))))
			return subject;
	return wire_slice(map->buffer, len);
}

/* Never 0. */
static uint64_t hash(struct wire_slice text)
{
	return XXH3_64bits(text.data, text.len) | 1;
}

/* Remember which subject was renamed to which; count a collision when another subject was renamed to the same. */
static void note(struct replay_map *map, struct wire_slice origin, struct wire_slice result)
{
	uint64_t result_hash = hash(result), origin_hash = hash(origin);

	for (unsigned probe = 0; probe < PROBES; probe++) {
		struct seen *seen = &map->seen[((result_hash >> 20) + probe) % SEEN_MAX];
		if (seen->result == 0)
			*seen = (struct seen){result_hash, origin_hash};
		if (seen->result != result_hash)
			continue;
		if (seen->origin == origin_hash)
			return;
		if (map->collisions++ == 0)
			snprintf(map->example, sizeof(map->example), "%.*s",
				 (int)(result.len < sizeof(map->example) ? result.len : sizeof(map->example)),
				 result.data);
		return;
	}
}

struct wire_slice replay_map_apply(struct replay_map *map, struct wire_slice subject, uint32_t clone)
{
	struct wire_slice result = subject;

	for (size_t i = 0; i < map->count; i++) {
		if (!wire_subject_matches(map->rules[i].pattern, subject))
			continue;
		map->rules[i].uses++;
		result = build(map, &map->rules[i], subject, clone);
		break;
	}
	if (map->count > 0)
		note(map, subject, result);
	return result;
}

size_t replay_map_len(const struct replay_map *map)
{
	return map->count;
}

struct replay_map_use replay_map_use(const struct replay_map *map, size_t index)
{
	const struct rule *rule = &map->rules[index];

	return (struct replay_map_use){.rule = rule->text, .subjects = rule->uses, .joins = rule->joins};
}

uint64_t replay_map_collisions(const struct replay_map *map, const char **example)
{
	*example = map->example;
	return map->collisions;
}
