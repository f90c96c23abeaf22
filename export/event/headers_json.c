#include "export/event/headers_json.h"

#include <stdlib.h>

#include "export/text/utf8.h"
#include "wire/headers.h"

struct pair {
	struct wire_slice key, value;
	size_t at;    /* position in the block */
	size_t first; /* position of the first pair with this key */
};

struct export_headers {
	struct pair *pairs;
	size_t len, cap;
};

struct export_headers *export_headers_open(void)
{
	return calloc(1, sizeof(struct export_headers));
}

void export_headers_close(struct export_headers *headers)
{
	if (headers)
		free(headers->pairs);
	free(headers);
}

static bool add(struct export_headers *headers, struct wire_slice key, struct wire_slice value)
{
	if (headers->len == headers->cap) {
		size_t cap = headers->cap ? headers->cap * 2 : 16;
		struct pair *pairs = realloc(headers->pairs, cap * sizeof(*pairs));

		if (!pairs)
			return false;
		headers->pairs = pairs;
		headers->cap = cap;
	}
	headers->pairs[headers->len] = (struct pair){.key = key, .value = value, .at = headers->len};
	headers->len++;
	return true;
}

/* Collect the pairs. False when the block holds more than the pairs express. */
static bool collect(struct export_headers *headers, struct wire_headers *walk)
{
	bool is_text = true;
	int status;
	struct wire_slice key, value;

	headers->len = 0;
	while ((status = wire_headers_next(walk, &key, &value)) > 0) {
		if (!add(headers, key, value))
			return false;
		is_text = is_text && export_utf8_is_valid(key) && export_utf8_is_valid(value);
	}
	return status == 0 && is_text;
}

static int compare_positions(size_t a, size_t b)
{
	return (a > b) - (a < b);
}

static int compare_keys(const void *a, const void *b)
{
	const struct pair *x = a, *y = b;

	if (x->key.len != y->key.len)
		return compare_positions(x->key.len, y->key.len);
	int order = x->key.len ? memcmp(x->key.data, y->key.data, x->key.len) : 0;
	return order ? order : compare_positions(x->at, y->at);
}

static int compare_groups(const void *a, const void *b)
{
	const struct pair *x = a, *y = b;

	return x->first != y->first ? compare_positions(x->first, y->first) : compare_positions(x->at, y->at);
}

/* Bring pairs of one key together, keys in order of their first appearance. It sorts twice, because a hostile
 * block may have a hundred thousand keys. */
static void group(struct export_headers *headers)
{
	struct pair *pairs = headers->pairs;

	if (headers->len < 2)
		return;
	qsort(pairs, headers->len, sizeof(*pairs), compare_keys);
	pairs[0].first = pairs[0].at;
	for (size_t i = 1; i < headers->len; i++) {
		bool is_same = wire_slice_equal(pairs[i].key, pairs[i - 1].key);

		pairs[i].first = is_same ? pairs[i - 1].first : pairs[i].at;
	}
	qsort(pairs, headers->len, sizeof(*pairs), compare_groups);
}

static void put_pairs(const struct export_headers *headers, struct export_json *json)
{
	const struct pair *pairs = headers->pairs;

	export_json_object(json, "headers");
	for (size_t i = 0; i < headers->len; i++) {
		bool is_first = i == 0 || !wire_slice_equal(pairs[i].key, pairs[i - 1].key);
		bool is_last = i + 1 == headers->len || !wire_slice_equal(pairs[i].key, pairs[i + 1].key);

		if (is_first) {
			export_json_key(json, pairs[i].key);
			export_json_array(json, NULL);
		}
		export_json_string(json, NULL, pairs[i].value);
		if (is_last)
			export_json_array_end(json);
	}
	export_json_object_end(json);
}

/* Step over these bytes of *rest. False when it does not begin with them. */
static bool skip(struct wire_slice *rest, struct wire_slice bytes)
{
	if (rest->len < bytes.len || (bytes.len > 0 && memcmp(rest->data, bytes.data, bytes.len) != 0))
		return false;
	*rest = wire_slice(rest->data + bytes.len, rest->len - bytes.len);
	return true;
}

static bool skip_word(struct wire_slice *rest, const char *before, struct wire_slice word)
{
	return skip(rest, wire_slice_str(before)) && skip(rest, word);
}

/* The block is what its members say, in their order. */
static bool is_canonical(const struct export_headers *headers, const struct wire_headers *walk,
			 struct wire_slice block)
{
	bool is_same = skip_word(&block, "NATS/1.0", wire_slice_str(""));

	is_same = is_same && (walk->status.len == 0 || skip_word(&block, " ", walk->status));
	is_same = is_same && (walk->text.len == 0 || skip_word(&block, " ", walk->text));
	for (size_t i = 0; i < headers->len && is_same; i++)
		is_same = skip_word(&block, "\r\n", headers->pairs[i].key) &&
			  skip_word(&block, ": ", headers->pairs[i].value);
	return is_same && wire_slice_equal(block, wire_slice_str("\r\n\r\n"));
}

void export_headers_json(struct export_headers *headers, struct export_json *json, struct wire_slice block,
			 bool is_exact)
{
	struct wire_headers walk;

	if (wire_headers_open(&walk, block) != 0) {
		export_json_base64(json, "headers", block);
		return;
	}
	bool is_whole =
	    collect(headers, &walk) && export_utf8_is_valid(walk.status) && export_utf8_is_valid(walk.text);
	group(headers);
	put_pairs(headers, json);
	if (walk.status.len > 0)
		export_json_string(json, "status", walk.status);
	if (walk.text.len > 0)
		export_json_string(json, "description", walk.text);
	if (!is_whole || (is_exact && !is_canonical(headers, &walk, block)))
		export_json_base64(json, "headers", block);
}
