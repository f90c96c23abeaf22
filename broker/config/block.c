#include "broker/config/block.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "wire/suggest.h"

void broker__apply_report(struct broker__apply *apply, const json_t *node, const char *format, ...)
{
	struct wire_fault line;
	char text[300];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	broker__node_fault(node, &line, "%s", text);
	if (apply->ignored)
		apply->ignored(apply->context, line.text);
}

static bool rule_has_key(const struct broker__rule *rule, const char *key)
{
	size_t len = strlen(key);
	for (const char *name = rule->keys; *name; name += strspn(name, " ")) {
		size_t name_len = strcspn(name, " ");
		if (name_len == len && strncasecmp(name, key, len) == 0)
			return true;
		name += name_len;
	}
	return false;
}

static const struct broker__rule *find_rule(const struct broker__rule *rules, const char *key)
{
	for (; rules->keys; rules++)
		if (rule_has_key(rules, key))
			return rules;
	return NULL;
}

enum { KEYS_MAX = 128, KEYS_TEXT = 4096 };

/* The accepted spelling that is most like the key, copied into `nearest`, which is empty when none is. */
static void find_nearest(const struct broker__rule *rules, const char *key, char *nearest, size_t size)
{
	char text[KEYS_TEXT], lower[64];
	const char *words[KEYS_MAX + 1] = {NULL};
	size_t at = 0, count = 0;
	for (; rules->keys && at < sizeof text; rules++)
		at += (size_t)snprintf(text + at, sizeof text - at, "%s ", rules->keys);
	char *rest = NULL;
	for (char *word = strtok_r(text, " ", &rest); word && count < KEYS_MAX;
	     word = strtok_r(NULL, " ", &rest))
		words[count++] = word;
	snprintf(lower, sizeof lower, "%s", key);
	for (char *c = lower; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	const char *found = wire_suggest(lower, words);
	snprintf(nearest, size, "%s", found ? found : "");
}

static int refuse_unknown(struct broker__apply *apply, const char *name, const char *key,
			  const struct broker__rule *rules, const json_t *member)
{
	char nearest[64];
	find_nearest(rules, key, nearest, sizeof nearest);
	if (*nearest)
		return broker__node_fault(member, apply->fault,
					  "unknown field \"%.60s\" in %s; did you mean %s?", key, name,
					  nearest);
	return broker__node_fault(member, apply->fault, "unknown field \"%.60s\" in %s; check its spelling",
				  key, name);
}

int broker__apply_block(struct broker__apply *apply, const char *name, json_t *node,
			const struct broker__rule *rules, void *target)
{
	json_t *block = json_object_get(node, "value");
	if (!json_is_object(block))
		return broker__node_fault(node, apply->fault, "%s: expected a block { }, found %s", name,
					  broker__node_kind(node));
	const char *key;
	json_t *member;
	json_object_foreach(block, key, member)
	{
		const struct broker__rule *rule = find_rule(rules, key);
		apply->key = key;
		if (!rule && json_object_get(member, "used"))
			continue;
		if (!rule)
			return refuse_unknown(apply, name, key, rules, member);
		int result = rule->apply(apply, rule, member, (char *)target + rule->at);
		if (result < 0)
			return result;
	}
	return 0;
}

int broker__apply_text(struct broker__apply *apply, const struct broker__rule *rule, json_t *node,
		       void *member)
{
	(void)rule;
	return broker__node_copy(node, apply->key, member, apply->fault);
}

int broker__apply_duration(struct broker__apply *apply, const struct broker__rule *rule, json_t *node,
			   void *member)
{
	int64_t ms = 0;
	int result = broker__node_duration(node, apply->key, &ms, apply->fault);
	if (result < 0)
		return result;
	if (ms < 0 || (ms != 0 && ms < rule->min))
		return broker__node_fault(node, apply->fault, "%s: the shortest duration is %lld ms",
					  apply->key, (long long)rule->min);
	if (ms != 0)
		*(int64_t *)member = ms;
	return 0;
}

int broker__apply_ignored(struct broker__apply *apply, const struct broker__rule *rule, json_t *node,
			  void *member)
{
	(void)member;
	broker__apply_report(apply, node, "%s is ignored: %s", apply->key, rule->text);
	return 0;
}

int broker__apply_refused(struct broker__apply *apply, const struct broker__rule *rule, json_t *node,
			  void *member)
{
	(void)member;
	return broker__node_fault(node, apply->fault, "%s: %s", apply->key, rule->text);
}
