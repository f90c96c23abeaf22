#include "monitoring.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "support/fail.h"
#include "support/socket.h"

/* The value at a.0.b; NULL when there is none. Cuts the path. */
static const json_t *value_at(const json_t *value, char *path)
{
	char *rest;
	for (char *name = strtok_r(path, ".", &rest); name; name = strtok_r(NULL, ".", &rest)) {
		if (json_is_array(value) && isdigit((unsigned char)*name))
			value = json_array_get(value, strtoul(name, NULL, 10));
		else
			value = json_object_get(value, name);
	}
	return value;
}

static void note_key(struct transcript *transcript, const json_t *page, const char *key, bool with_value)
{
	char *path = strdup(key);
	const json_t *value = value_at(page, path);
	free(path);
	if (!with_value || !value) {
		transcript_note(transcript, "%s: %s", key, transcript_type(value));
		return;
	}
	char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_SORT_KEYS | JSON_COMPACT);
	transcript_note(transcript, "%s: %s", key, text);
	free(text);
}

void monitoring_note(struct transcript *transcript, int port, const char *text,
		     struct support_deadline deadline)
{
	char *words = strdup(text), *rest, *body;
	if (!words)
		support_fail("no memory");
	const char *path = strtok_r(words, " ", &rest), *what = strtok_r(NULL, " ", &rest);
	int status = support_http_get(port, path, &body, deadline);
	transcript_note(transcript, "GET %s: %d", path, status);
	json_t *page = body ? json_loads(body, 0, NULL) : NULL;
	for (char *key; what && (key = strtok_r(NULL, " ", &rest));)
		note_key(transcript, page, key, strcmp(what, "values") == 0);
	json_decref(page);
	free(body);
	free(words);
}
