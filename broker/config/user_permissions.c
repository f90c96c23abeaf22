#include "broker/config/user_permissions.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "broker/config/block.h"
#include "wire/subject.h"

/* A subject with wildcards, or a subject and a queue group: `orders.* workers`. */
static bool is_permission_subject(const char *text)
{
	size_t len = strcspn(text, " \t");
	if (!wire_subject_is_valid(wire_slice(text, len)))
		return false;
	const char *queue = text + len + strspn(text + len, " \t");
	return strpbrk(queue, " \t") == NULL;
}

static int add_subject(struct broker__apply *apply, const json_t *node, char ***subjects, size_t *len)
{
	const char *text = NULL;
	int result = broker__node_text(node, apply->key, &text, apply->fault);
	if (result < 0)
		return result;
	if (!is_permission_subject(text))
		return broker__node_fault(node, apply->fault, "subject \"%.80s\" is not a valid subject",
					  text);
	char **grown = realloc(*subjects, (*len + 1) * sizeof *grown);
	char *copy = strdup(text);
	if (grown)
		*subjects = grown;
	if (!grown || !copy) {
		free(copy);
		return wire_fault_set(apply->fault, -ENOMEM, "out of memory");
	}
	(*subjects)[(*len)++] = copy;
	return 0;
}

/* One subject, or a list of them. */
static int add_subjects(struct broker__apply *apply, const json_t *node, char ***subjects, size_t *len)
{
	const json_t *value = broker__node_value(node);
	if (!json_is_array(value))
		return add_subject(apply, node, subjects, len);
	for (size_t i = 0; i < json_array_size(value); i++) {
		int result = add_subject(apply, json_array_get(value, i), subjects, len);
		if (result < 0)
			return result;
	}
	return 0;
}

/* An empty list allows everything, as if it were missing: like nats-server. */
static int apply_allow(struct broker__apply *apply, const struct broker__rule *rule, json_t *node,
		       void *member)
{
	struct broker_permission *permission = member;
	(void)rule;
	int result = add_subjects(apply, node, &permission->allow, &permission->allow_len);
	if (result == 0 && permission->allow_len == 0)
		broker__apply_report(
		    apply, node,
		    "an empty allow list allows everything, as in nats-server; to allow nothing, deny \">\"");
	permission->has_allow = permission->allow_len > 0;
	return result;
}

static int apply_deny(struct broker__apply *apply, const struct broker__rule *rule, json_t *node,
		      void *member)
{
	struct broker_permission *permission = member;
	(void)rule;
	return add_subjects(apply, node, &permission->deny, &permission->deny_len);
}

/* publish, subscribe: { allow, deny }, or only what is allowed. */
static int apply_permission(struct broker__apply *apply, const struct broker__rule *rule, json_t *node,
			    void *member)
{
	static const struct broker__rule rules[] = {
	    {.keys = "allow", .apply = apply_allow},
	    {.keys = "deny", .apply = apply_deny},
	    {0},
	};
	if (json_is_object(broker__node_value(node)))
		return broker__apply_block(apply, "a permission", node, rules, member);
	return apply_allow(apply, rule, node, member);
}

/* Zero means the default, a negative number no limit. */
static int apply_response_max(struct broker__apply *apply, const struct broker__rule *rule, json_t *node,
			      void *member)
{
	int64_t max = 0;
	(void)rule;
	int result = broker__node_int(node, apply->key, INT64_MIN, INT64_MAX, &max, apply->fault);
	if (result == 0 && max != 0)
		*(int64_t *)member = max < 0 ? -1 : max;
	return result;
}

static int apply_response_expiry(struct broker__apply *apply, const struct broker__rule *rule, json_t *node,
				 void *member)
{
	int64_t ms = 0;
	(void)rule;
	int result = broker__node_duration(node, apply->key, &ms, apply->fault);
	if (result == 0 && ms != 0)
		*(int64_t *)member = ms < 0 ? 0 : ms;
	return result;
}

static int apply_allow_responses(struct broker__apply *apply, const struct broker__rule *rule, json_t *node,
				 void *member)
{
	static const struct broker__rule rules[] = {
	    {.keys = "max max_msgs max_messages max_responses",
	     .apply = apply_response_max,
	     .at = offsetof(struct broker_permissions, response_max)},
	    {.keys = "expires expiration ttl",
	     .apply = apply_response_expiry,
	     .at = offsetof(struct broker_permissions, response_expire_ms)},
	    {0},
	};
	struct broker_permissions *permissions = member;
	(void)rule;
	permissions->response_max = 1;
	permissions->response_expire_ms = 120000;
	if (json_is_boolean(broker__node_value(node)))
		return broker__node_bool(node, apply->key, &permissions->allow_responses, apply->fault);
	permissions->allow_responses = true;
	return broker__apply_block(apply, "allow_responses", node, rules, permissions);
}

int broker__apply_permissions(struct broker__apply *apply, const struct broker__rule *rule, json_t *node,
			      void *member)
{
	static const struct broker__rule rules[] = {
	    {.keys = "pub publish import",
	     .apply = apply_permission,
	     .at = offsetof(struct broker_permissions, publish)},
	    {.keys = "sub subscribe export",
	     .apply = apply_permission,
	     .at = offsetof(struct broker_permissions, subscribe)},
	    {.keys = "publish_allow_responses allow_responses", .apply = apply_allow_responses},
	    {0},
	};
	struct broker_permissions **permissions = member;
	(void)rule;
	broker_permissions_free(*permissions); /* given twice: the later one counts */
	*permissions = calloc(1, sizeof **permissions);
	if (!*permissions)
		return wire_fault_set(apply->fault, -ENOMEM, "out of memory");
	int result = broker__apply_block(apply, "permissions", node, rules, *permissions);
	/* a user with allow_responses and no allow list may only send replies */
	if ((*permissions)->allow_responses)
		(*permissions)->publish.has_allow = true;
	return result;
}

static bool copy_subjects(char ***to, size_t *to_len, char *const *from, size_t len)
{
	*to = calloc(len + 1, sizeof **to);
	for (*to_len = 0; *to && *to_len < len; ++*to_len) {
		(*to)[*to_len] = strdup(from[*to_len]);
		if (!(*to)[*to_len])
			return false;
	}
	return *to != NULL;
}

static bool copy_permission(struct broker_permission *to, const struct broker_permission *from)
{
	to->has_allow = from->has_allow;
	return copy_subjects(&to->allow, &to->allow_len, from->allow, from->allow_len) &&
	       copy_subjects(&to->deny, &to->deny_len, from->deny, from->deny_len);
}

struct broker_permissions *broker__permissions_copy(const struct broker_permissions *permissions)
{
	struct broker_permissions *copy = calloc(1, sizeof *copy);
	if (!copy)
		return NULL;
	copy->allow_responses = permissions->allow_responses;
	copy->response_max = permissions->response_max;
	copy->response_expire_ms = permissions->response_expire_ms;
	if (copy_permission(&copy->publish, &permissions->publish) &&
	    copy_permission(&copy->subscribe, &permissions->subscribe))
		return copy;
	broker_permissions_free(copy);
	return NULL;
}
