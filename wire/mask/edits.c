#include "wire/mask/edits.h"

#include <stdlib.h>

#include "wire/json_text.h"
#include "wire/mask/siphash.h"

void wire__edits_fini(struct wire__edits *edits)
{
	if (edits->list != edits->first)
		free(edits->list);
	*edits = (struct wire__edits){0};
}

/* Make room for one more. */
static bool grow(struct wire__edits *edits)
{
	enum { FIRST = sizeof edits->first / sizeof *edits->first };
	if (edits->cap == 0) {
		edits->list = edits->first;
		edits->cap = FIRST;
		return true;
	}
	bool is_own = edits->list != edits->first;
	size_t cap = edits->cap * 4;
	struct wire__edit *grown =
	    cap <= WIRE__EDITS_MAX ? realloc(is_own ? edits->list : NULL, cap * sizeof *grown) : NULL;
	if (!grown)
		return false;
	if (!is_own)
		memcpy(grown, edits->first, sizeof edits->first);
	edits->list = grown;
	edits->cap = cap;
	return true;
}

bool wire__edits_add(struct wire__edits *edits, const struct wire__edit *edit)
{
	if (edits->count == edits->cap && !grow(edits))
		return false;
	edits->list[edits->count++] = *edit;
	return true;
}

void wire__edits_cover(struct wire__edits *edits, size_t len, enum wire__edit_form form, unsigned rule)
{
	const struct wire__edit whole = {.end = len, .form = (uint16_t)form, .rule = (uint16_t)rule};
	edits->count = 0;
	wire__edits_add(edits, &whole);
}

static int compare(const void *a, const void *b)
{
	const struct wire__edit *x = a, *y = b;
	return x->start != y->start ? (x->start > y->start) - (x->start < y->start)
				    : (x->rule > y->rule) - (x->rule < y->rule);
}

void wire__edits_sort(struct wire__edits *edits)
{
	size_t kept = 0, done = 0;
	if (edits->count > 1)
		qsort(edits->list, edits->count, sizeof *edits->list, compare);
	for (size_t i = 0; i < edits->count; i++) {
		struct wire__edit edit = edits->list[i];
		edit.start = edit.start > done ? edit.start : done;
		if (edit.start >= edit.end)
			continue;
		edits->list[kept++] = edit;
		done = edit.end;
	}
	edits->count = kept;
}

/* ---- forms that keep the length ---- */

static void put_padded(char *out, size_t len, const char *text, size_t text_len)
{
	memset(out, ' ', len);
	memcpy(out, text, text_len < len ? text_len : len);
}

/* Hot: once or twice for each payload. */
static inline void redact(char *out, size_t len, enum wire__edit_form form)
{
	switch (form) {
	case WIRE__EDIT_NUMBER: put_padded(out, len, "0", 1); return;
	case WIRE__EDIT_NULL: put_padded(out, len, "null", 4); return;
	case WIRE__EDIT_OBJECT:
	case WIRE__EDIT_ARRAY: memset(out + 1, ' ', len - 2); return;
	case WIRE__EDIT_WHOLE:
		memset(out, len > 1 ? '*' : '0', len);
		if (len > 1)
			out[0] = out[len - 1] = '"';
		return;
	default: memset(out, '*', len);
	}
}

void wire__edits_patch(const struct wire__edits *edits, char *copy)
{
	for (size_t i = 0; i < edits->count; i++) {
		const struct wire__edit *edit = &edits->list[i];
		redact(copy + edit->start, edit->end - edit->start, (enum wire__edit_form)edit->form);
	}
}

/* ---- all forms ---- */

/* A text that is being edited. */
struct editing {
	struct wire_slice text;
	const struct wire__mask_key *key;
	struct wire__mask_buffer *out;
	size_t done; /* bytes of the text that were copied or replaced */
	size_t
	    removed_end; /* up to here, with the comma after it, the first member of a container was removed */
};

static void copy_up_to(struct editing *editing, size_t end)
{
	if (end > editing->done)
		wire__mask_buffer_add(editing->out, editing->text.data + editing->done, end - editing->done);
	editing->done = end > editing->done ? end : editing->done;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static size_t skip_blanks(const struct editing *editing, size_t at)
{
	while (at < editing->text.len && is_blank(editing->text.data[at]))
		at++;
	return at;
}

/* Remove a member with the comma before it; the first of those that stay has none, so that the comma after it goes. */
static void remove_member(struct editing *editing, const struct wire__edit *edit)
{
	const char *data = editing->text.data;
	size_t before = edit->start, after = skip_blanks(editing, edit->end);
	while (before > 0 && is_blank(data[before - 1]))
		before--;
	bool has_before = before > 0 && data[before - 1] == ',' && editing->removed_end != edit->start;
	copy_up_to(editing, has_before ? before - 1 : edit->start);
	editing->done = edit->end;
	if (has_before || after == editing->text.len || data[after] != ',')
		return;
	editing->done = editing->removed_end = skip_blanks(editing, after + 1);
}

/* The hash of a JSON string is that of what it says, so that it does not matter how it is written. False when out of
 * memory. */
static bool hash_string(struct editing *editing, struct wire_slice written, char *hash)
{
	char *said = malloc(written.len + 4);
	size_t len = 0;
	if (!said)
		return false;
	for (size_t at = 0; at < written.len;) {
		uint32_t character = wire_json_character(written, &at);
		if (character < WIRE_JSON_STRAY_BYTE)
			len += wire_json_put(said + len, character);
		else
			said[len++] = (char)(character - WIRE_JSON_STRAY_BYTE);
	}
	wire__siphash_text(editing->key, wire_slice(said, len), hash);
	explicit_bzero(said, len);
	free(said);
	return true;
}

static bool put_hash(struct editing *editing, struct wire_slice value, enum wire__edit_form form)
{
	const bool is_string = form == WIRE__EDIT_VALUE_HASH && *value.data == '"';
	const bool is_quoted = form != WIRE__EDIT_HASH;
	char hash[WIRE__MASK_HASH_BYTES];
	if (is_string)
		value = wire_slice(value.data + 1, value.len - 2);
	if (is_string && memchr(value.data, '\\', value.len)) {
		if (!hash_string(editing, value, hash))
			return false;
	} else {
		wire__siphash_text(editing->key, value, hash);
	}
	wire__mask_buffer_fill(editing->out, '"', is_quoted);
	wire__mask_buffer_add(editing->out, hash, sizeof hash);
	wire__mask_buffer_fill(editing->out, '"', is_quoted);
	return true;
}

static bool apply(struct editing *editing, const struct wire__edit *edit)
{
	const struct wire_slice value = wire_slice(editing->text.data + edit->start, edit->end - edit->start);
	struct wire__mask_buffer *out = editing->out;
	if (edit->form == WIRE__EDIT_REMOVE_MEMBER) {
		remove_member(editing, edit);
		return true;
	}
	copy_up_to(editing, edit->start);
	editing->done = edit->end;
	switch (edit->form) {
	case WIRE__EDIT_REMOVE: return true;
	case WIRE__EDIT_SHORT: wire__mask_buffer_fill(out, '_', 1); return true;
	case WIRE__EDIT_HASH:
	case WIRE__EDIT_TEXT_HASH:
	case WIRE__EDIT_VALUE_HASH: return put_hash(editing, value, (enum wire__edit_form)edit->form);
	default: break;
	}
	wire__mask_buffer_add(out, value.data, value.len);
	redact(out->data + out->len - value.len, value.len, (enum wire__edit_form)edit->form);
	return true;
}

bool wire__edits_apply(const struct wire__edits *edits, struct wire_slice text,
		       const struct wire__mask_key *key, struct wire__mask_buffer *out)
{
	enum { GROWTH_MAX = WIRE__MASK_HASH_BYTES + 2 };
	struct editing editing = {.text = text, .key = key, .out = out, .removed_end = SIZE_MAX};
	if (!wire__mask_buffer_reserve(out, out->len + text.len + edits->count * GROWTH_MAX))
		return false;
	for (size_t i = 0; i < edits->count; i++)
		if (!apply(&editing, &edits->list[i]))
			return false;
	copy_up_to(&editing, text.len);
	return true;
}
