/* apply.h - what the files that apply a configuration share, inside this folder. */
#ifndef BROKER_CONFIG_APPLY_H
#define BROKER_CONFIG_APPLY_H

#include "broker/config/node.h"

struct broker__apply {
	struct broker_options *options;
	void (*ignored)(void *context, const char *line);
	void *context;
	struct wire_fault *fault;
	const char *key;            /* the key being applied, as written */
	const char *system_account; /* borrowed from the tree */
	const char *users_from;     /* the block that named the users; NULL = none yet */
};

/* How the keys of a kind of block are applied. */
struct broker__rule {
	const char *keys; /* names of one and the same thing, separated by blanks, in lower case */
	int (*apply)(struct broker__apply *apply, const struct broker__rule *rule, json_t *node,
		     void *member);
	size_t at;         /* offset of the member in the struct that the block fills in */
	int64_t min, max;  /* of numbers */
	int64_t unlimited; /* what a negative number means; 0 = negative numbers are an error */
	const char *text;  /* why it is ignored or refused */
};

/* Apply every member of a block by the rules, which end with keys NULL. `name` is the block's, for messages.
 * An unknown key is an error unless a variable referred to it. */
int broker__apply_block(struct broker__apply *apply, const char *name, json_t *node,
			const struct broker__rule *rules, void *target);

/* Tell the operator about something that is not served; its place is put before the text. */
void broker__apply_tell(struct broker__apply *apply, const json_t *node, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Rules' functions, by the type of the member. Zero means the default, as in nats-server, and leaves it. */
int broker__apply_text(struct broker__apply *apply, const struct broker__rule *rule, json_t *node,
		       void *member);
int broker__apply_duration(struct broker__apply *apply, const struct broker__rule *rule, json_t *node,
			   void *member);

/* Say that the key is not served: and go on, or stop. */
int broker__apply_ignored(struct broker__apply *apply, const struct broker__rule *rule, json_t *node,
			  void *member);
int broker__apply_refused(struct broker__apply *apply, const struct broker__rule *rule, json_t *node,
			  void *member);

/* `authorization` and `accounts` (config_users.c). */
int broker__apply_authorization(struct broker__apply *apply, const struct broker__rule *rule, json_t *node,
				void *member);
int broker__apply_accounts(struct broker__apply *apply, const struct broker__rule *rule, json_t *node,
			   void *member);

/* `permissions` of a user, into a new struct (config_permissions.c). */
int broker__apply_permissions(struct broker__apply *apply, const struct broker__rule *rule, json_t *node,
			      void *member);
struct broker_permissions *broker__permissions_copy(const struct broker_permissions *permissions);

#endif
