#include "broker/sublist.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "broker/hash.h"
#include "wire/subject.h"

enum { SLOTS_MIN = 64 };

static struct broker__node *node_open(struct broker__node *parent, struct wire_slice token)
{
	struct broker__node *node = calloc(1, sizeof *node + token.len);
	if (!node)
		return NULL;
	node->parent = parent;
	node->token_len = (uint32_t)token.len;
	memcpy(node->token, token.data, token.len);
	return node;
}

int broker__sublist_init(struct broker__sublist *list, uint64_t seed)
{
	*list = (struct broker__sublist){.seed = seed, .slots_len = SLOTS_MIN};
	list->root = node_open(NULL, WIRE_LITERAL(""));
	list->slots = calloc(SLOTS_MIN, sizeof(struct broker__node *));
	if (list->root && list->slots)
		return 0;
	broker__sublist_fini(list);
	return -ENOMEM;
}

void broker__sublist_fini(struct broker__sublist *list)
{
	assert(list->nodes == 0);
	free(list->root);
	free(list->slots);
	*list = (struct broker__sublist){0};
}

struct broker__sub *broker__sub_open(struct broker_client *client, struct wire_slice subject,
				     struct wire_slice queue, struct wire_slice sid)
{
	struct broker__sub *sub = calloc(1, sizeof *sub + subject.len + queue.len + sid.len);
	if (!sub)
		return NULL;
	char *at = sub->bytes;
	sub->client = client;
	sub->subject = wire_slice(memcpy(at, subject.data, subject.len), subject.len);
	sub->sid = wire_slice(memcpy(at + subject.len, sid.data, sid.len), sid.len);
	if (queue.len > 0)
		sub->queue = wire_slice(memcpy(at + subject.len + sid.len, queue.data, queue.len), queue.len);
	return sub;
}

void broker__sub_close(struct broker__sub *sub)
{
	assert(!sub->node);
	free(sub);
}

/* ---- literal children: one table for all nodes ---- */

static uint64_t child_hash(const struct broker__sublist *list, const struct broker__node *parent,
			   struct wire_slice token)
{
	return broker__hash(token, list->seed ^ (uint64_t)(uintptr_t)parent);
}

static struct broker__node *find_literal(const struct broker__sublist *list,
					 const struct broker__node *parent, struct wire_slice token,
					 uint64_t hash)
{
	struct broker__node *node = list->slots[hash & (list->slots_len - 1)];
	while (node && !(node->hash == hash && node->parent == parent &&
			 wire_slice_equal(wire_slice(node->token, node->token_len), token)))
		node = node->hash_next;
	return node;
}

/* Best effort: without memory the chains grow longer. */
static void resize_slots(struct broker__sublist *list, size_t len)
{
	struct broker__node **slots = calloc(len, sizeof(struct broker__node *));
	if (!slots)
		return;
	for (size_t i = 0; i < list->slots_len; i++) {
		for (struct broker__node *node = list->slots[i], *next; node; node = next) {
			next = node->hash_next;
			node->hash_next = slots[node->hash & (len - 1)];
			slots[node->hash & (len - 1)] = node;
		}
	}
	free(list->slots);
	list->slots = slots;
	list->slots_len = len;
}

static void link_literal(struct broker__sublist *list, struct broker__node *node, uint64_t hash)
{
	struct broker__node **slot = &list->slots[hash & (list->slots_len - 1)];
	node->hash = hash;
	node->hash_next = *slot;
	*slot = node;
}

static void unlink_literal(struct broker__sublist *list, struct broker__node *node)
{
	struct broker__node **link = &list->slots[node->hash & (list->slots_len - 1)];
	while (*link != node)
		link = &(*link)->hash_next;
	*link = node->hash_next;
}

/* ---- nodes ---- */

static bool is_star(struct wire_slice token)
{
	return token.len == 1 && *token.data == '*';
}

static bool is_tail(struct wire_slice token)
{
	return token.len == 1 && *token.data == '>';
}

static struct broker__node *add_child(struct broker__sublist *list, struct broker__node *parent,
				      struct wire_slice token)
{
	struct broker__node *node = node_open(parent, token);
	if (!node)
		return NULL;
	if (is_star(token))
		parent->star = node;
	else if (is_tail(token))
		parent->tail = node;
	else
		link_literal(list, node, child_hash(list, parent, token));
	parent->children++;
	if (++list->nodes > list->slots_len)
		resize_slots(list, list->slots_len * 2);
	return node;
}

static struct broker__node *find_or_add_child(struct broker__sublist *list, struct broker__node *parent,
					      struct wire_slice token)
{
	struct broker__node *node;
	if (is_star(token))
		node = parent->star;
	else if (is_tail(token))
		node = parent->tail;
	else
		node = find_literal(list, parent, token, child_hash(list, parent, token));
	return node ? node : add_child(list, parent, token);
}

/* Remove a node from the path of a resting cursor. */
static void leave_node(struct broker__sublist_cursor *cursor, const struct broker__node *node)
{
	for (uint32_t i = 0; i < cursor->depth; i++)
		if (cursor->path[i].node == node)
			cursor->path[i].node = NULL;
}

static void remove_child(struct broker__sublist *list, struct broker__node *node)
{
	struct broker__node *parent = node->parent;
	if (list->resting)
		leave_node(list->resting, node);
	if (parent->star == node)
		parent->star = NULL;
	else if (parent->tail == node)
		parent->tail = NULL;
	else
		unlink_literal(list, node);
	parent->children--;
	list->nodes--;
	free(node);
	if (list->slots_len > SLOTS_MIN && list->nodes < list->slots_len / 8)
		resize_slots(list, list->slots_len / 2);
}

/* Free the node and its ancestors as far as they hold nothing any more. */
static void prune(struct broker__sublist *list, struct broker__node *node)
{
	while (node->parent && node->children == 0 && !node->plain && !node->groups) {
		struct broker__node *parent = node->parent;
		remove_child(list, node);
		node = parent;
	}
}

/* ---- queue groups ---- */

static struct broker__group *find_or_add_group(struct broker__node *node, struct wire_slice name)
{
	struct broker__group *group = node->groups;
	while (group && !wire_slice_equal(wire_slice(group->name, group->name_len), name))
		group = group->next;
	if (group)
		return group;
	group = calloc(1, sizeof *group + name.len);
	if (!group)
		return NULL;
	group->name_len = name.len;
	memcpy(group->name, name.data, name.len);
	group->next = node->groups;
	node->groups = group;
	return group;
}

static void remove_group(struct broker__sublist *list, struct broker__node *node, struct broker__group *group)
{
	struct broker__group **link = &node->groups;
	if (list->resting && list->resting->group == group)
		list->resting->group = group->next;
	while (*link != group)
		link = &(*link)->next;
	*link = group->next;
	free(group);
}

/* ---- insert and remove ---- */

static void push(struct broker__sub **head, struct broker__sub *sub)
{
	sub->prev = NULL;
	sub->next = *head;
	if (*head)
		(*head)->prev = sub;
	*head = sub;
}

static void pull(struct broker__sub **head, struct broker__sub *sub)
{
	if (sub->prev)
		sub->prev->next = sub->next;
	else
		*head = sub->next;
	if (sub->next)
		sub->next->prev = sub->prev;
	sub->prev = sub->next = NULL;
}

static void changed(struct broker__sublist *list, struct wire_slice subject)
{
	if (wire_subject_has_wildcard(subject))
		list->wildcard_generation++;
	else
		list->literal_generation[broker__sublist_hash(list, subject) % BROKER__GENERATIONS]++;
}

static int attach(struct broker__node *node, struct broker__sub *sub)
{
	if (sub->queue.len > 0) {
		sub->group = find_or_add_group(node, sub->queue);
		if (!sub->group)
			return -ENOMEM;
		push(&sub->group->members, sub);
		sub->group->members_len++;
	} else {
		push(&node->plain, sub);
		node->plain_len++;
	}
	sub->node = node;
	return 0;
}

static bool has_too_many_tokens(struct wire_slice subject)
{
	size_t dots = 0;
	for (size_t i = 0; i < subject.len; i++)
		dots += subject.data[i] == '.';
	return dots >= BROKER__TOKENS_MAX;
}

int broker__sublist_insert(struct broker__sublist *list, struct broker__sub *sub)
{
	if (!wire_subject_is_valid(sub->subject) || has_too_many_tokens(sub->subject))
		return WIRE_EARGUMENT;
	struct broker__node *node = list->root;
	struct wire_slice rest = sub->subject, token;
	while (wire_subject_next_token(&rest, &token)) {
		struct broker__node *child = find_or_add_child(list, node, token);
		if (!child) {
			prune(list, node);
			return -ENOMEM;
		}
		node = child;
	}
	if (attach(node, sub) < 0) {
		prune(list, node);
		return -ENOMEM;
	}
	list->count++;
	sub->born = ++list->inserts;
	changed(list, sub->subject);
	return 0;
}

void broker__sublist_unlink(struct broker__sublist *list, struct broker__sub *sub)
{
	struct broker__node *node = sub->node;
	if (list->resting && list->resting->sub == sub)
		list->resting->sub = sub->next;
	if (sub->group) {
		pull(&sub->group->members, sub);
		if (--sub->group->members_len == 0)
			remove_group(list, node, sub->group);
	} else {
		pull(&node->plain, sub);
		node->plain_len--;
	}
	sub->node = NULL;
	sub->group = NULL;
	prune(list, node);
	list->count--;
	list->removes++;
}

void broker__sublist_remove(struct broker__sublist *list, struct broker__sub *sub)
{
	broker__sublist_unlink(list, sub);
	changed(list, sub->subject);
}

/* ---- match ---- */

static bool has_empty_token(struct wire_slice subject)
{
	if (subject.len == 0 || subject.data[0] == '.' || subject.data[subject.len - 1] == '.')
		return true;
	return memmem(subject.data, subject.len, "..", 2) != NULL;
}

static void push_path(struct broker__sublist_cursor *cursor, struct broker__node *node, size_t at)
{
	if (!node)
		return;
	cursor->path[cursor->depth].node = node;
	cursor->path[cursor->depth++].at = at;
}

void broker__sublist_cursor_start(struct broker__sublist_cursor *cursor, struct broker__sublist *list,
				  struct wire_slice subject)
{
	list->matches++;
	cursor->sub = NULL;
	cursor->group = NULL;
	cursor->begins_group = cursor->is_done = false;
	cursor->depth = 0;
	if (!has_empty_token(subject))
		push_path(cursor, list->root, 0);
}

static void visit(struct broker__sublist_cursor *cursor, const struct broker__node *node)
{
	cursor->sub = node->plain;
	cursor->group = node->groups;
}

/* Take the next node off the path. When the subject ends there, visit it. Otherwise visit its child >, and push the
 * children that match the next token to be entered later, * first. */
static void enter(struct broker__sublist_cursor *cursor, const struct broker__sublist *list,
		  struct wire_slice subject)
{
	struct broker__node *node = cursor->path[--cursor->depth].node;
	size_t at = cursor->path[cursor->depth].at;
	if (!node)
		return;
	if (at > subject.len) {
		visit(cursor, node);
		return;
	}
	struct wire_slice rest = wire_slice(subject.data + at, subject.len - at), token;
	wire_subject_next_token(&rest, &token);
	at += token.len + 1;
	if (node->children == 0)
		return;
	push_path(cursor, find_literal(list, node, token, child_hash(list, node, token)), at);
	push_path(cursor, node->star, at);
	if (node->tail)
		visit(cursor, node->tail);
}

/* No subscription is left to visit: advance to the next queue group or node. False when there is none. */
static bool advance(struct broker__sublist_cursor *cursor, const struct broker__sublist *list,
		    struct wire_slice subject)
{
	if (cursor->group) {
		cursor->sub = cursor->group->members;
		cursor->begins_group = true;
		cursor->group = cursor->group->next;
	} else if (cursor->depth > 0) {
		enter(cursor, list, subject);
	} else {
		return false;
	}
	return true;
}

struct broker__sub *broker__sublist_cursor_next(struct broker__sublist_cursor *cursor,
						const struct broker__sublist *list, struct wire_slice subject,
						int64_t *work, bool *begins_group)
{
	enum { NODE_UNITS = 10, SUB_UNITS = 2 };
	while (!cursor->sub) {
		if (*work <= 0)
			return NULL;
		*work -= NODE_UNITS;
		if (!advance(cursor, list, subject)) {
			cursor->is_done = true;
			return NULL;
		}
	}
	if (*work <= 0)
		return NULL;
	*work -= SUB_UNITS;
	struct broker__sub *sub = cursor->sub;
	*begins_group = cursor->begins_group;
	cursor->begins_group = false;
	cursor->sub = sub->next;
	return sub;
}

uint64_t broker__sublist_hash(const struct broker__sublist *list, struct wire_slice subject)
{
	return broker__hash(subject, list->seed);
}

void broker__sublist_touch(struct broker__sublist *list)
{
	list->wildcard_generation++;
}
