/* block.h - apply the members of a block to a struct by a table of rules, inside this folder. */
#ifndef BROKER_CONFIG_BLOCK_H
#define BROKER_CONFIG_BLOCK_H

#include "broker/config/node.h"
#include "broker/config/options.h"

/* The state of applying one configuration. */
struct broker__apply {
	struct broker_options *options;
	void (*ignored)(void *context, const char *line); /* NULL: nobody listens */
	void *context;
	struct wire_fault *fault;
	const char *key;            /* the key being applied, as written */
	const char *system_account; /* borrowed from the tree */
	const char *users_from;     /* the block that named the users; NULL = none yet */
};

/* How one key of a block is applied. */
struct broker__rule {
	const char *keys; /* accepted spellings in lower case, separated by blanks */
	int (*apply)(struct broker__apply *apply, const struct broker__rule *rule, json_t *node,
		     void *member);
	size_t at;         /* offset of the member in the struct that the block fills in */
	int64_t min, max;  /* of numbers */
	int64_t unlimited; /* the value a negative number stands for; 0 = negative numbers are an error */
	const char *text;  /* why the key is ignored or refused */
};

/* Apply every member of a block by the rules, which end with keys NULL. `name` is the block's name in messages.
 * An unknown key is an error unless a variable referred to it. 0, or a negative code with the fault set. */
int broker__apply_block(struct broker__apply *apply, const char *name, json_t *node,
			const struct broker__rule *rules, void *target);

/* Report to `ignored` a key that is not served; the message begins with the place of the node. */
void broker__apply_report(struct broker__apply *apply, const json_t *node, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Functions for rules, by the type of the member. Zero means the default, as in nats-server: the member is left
 * unchanged. 0, or a negative code with the fault set. */
int broker__apply_text(struct broker__apply *apply, const struct broker__rule *rule, json_t *node,
		       void *member);
int broker__apply_duration(struct broker__apply *apply, const struct broker__rule *rule, json_t *node,
			   void *member);

/* For keys that are not served: report the key and continue, or fail. */
int broker__apply_ignored(struct broker__apply *apply, const struct broker__rule *rule, json_t *node,
			  void *member);
int broker__apply_refused(struct broker__apply *apply, const struct broker__rule *rule, json_t *node,
			  void *member);

#endif
