/* embed.h - put a JSON text that somebody else wrote into JSON of ours.
 *
 * It is rewritten token by token: without line ends and spaces, with the characters escaped that could drive a terminal, and with
 * U+FFFD in the place of what is not Unicode, so that strict readers take it. */
#ifndef EXPORT_DECODE_EMBED_H
#define EXPORT_DECODE_EMBED_H

#include "export/text/json.h"
#include "wire/json.h"

/* Memory of the reader, and for text without its escapes. Zeroed before the first use; freed by export__embed_fini. */
struct export__embed {
	struct wire_json json;
	char *text;
	size_t cap;
};

/* The text is one JSON value of at most 100 levels. */
bool export__embed_is_json(struct export__embed *embed, struct wire_slice text);

/* Write a text of which export__embed_is_json is true, under a key. */
void export__embed_put(struct export__embed *embed, struct export_json *json, const char *key,
		       struct wire_slice text);

void export__embed_fini(struct export__embed *embed);

#endif
