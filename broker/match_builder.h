/* match_builder.h - work out who gets messages on a subject, in as many steps as it takes. Inside this folder. */
#ifndef BROKER_MATCH_BUILDER_H
#define BROKER_MATCH_BUILDER_H

#include "broker/match_cache.h"

struct broker__match_builder;

/* NULL when out of memory. */
struct broker__match_builder *broker__match_builder_open(void);
void broker__match_builder_close(struct broker__match_builder *builder);

/* Begin with the match of a subject for `publisher`, giving up an unfinished one. */
void broker__match_builder_start(struct broker__match_builder *builder, struct broker_client *publisher,
				 struct wire_slice subject, uint64_t hash);
/* Continue until the match is done or *work, off which the cost is taken, has run out. 1: done, *out is owned by the
 * caller, NULL when out of memory. 0: not done yet. subject: the same bytes each time. Subscriptions may come and go
 * between two calls if the cursor rests in the list; those that came after the start do not count. */
int broker__match_builder_continue(struct broker__match_builder *builder, struct wire_slice subject,
				   int64_t *work, struct broker__match **out);
/* Its cursor, to be rested in the list between two calls. */
struct broker__sublist_cursor *broker__match_builder_cursor(struct broker__match_builder *builder);

/* Write the head "HMSG subject sid " to out, which has room for it. Returns its length. */
size_t broker__head_write(char *out, struct wire_slice subject, struct wire_slice sid);

#endif
