/* subject.h - subjects and wildcards.
 *
 * A subject is tokens split by '.'; in a pattern '*' stands for one whole token, '>' for one or more and
 * only at the end. "foo*" is a literal token. Subjects are case-sensitive bytes.
 * Source: the NATS documentation, "Subject-Based Messaging"; server/sublist.go of nats-server 2.9.10. */
#ifndef WIRE_SUBJECT_H
#define WIRE_SUBJECT_H

#include "wire/slice.h"

/* May be subscribed to: not empty, no empty token, no white space, '>' as a token only at the end. */
bool wire_subject_is_valid(struct wire_slice subject);

/* A valid subject without wildcard tokens: what a pedantic publisher may publish to. */
bool wire_subject_is_literal(struct wire_slice subject);

/* Has at least one token '*' or a final token '>'. */
bool wire_subject_has_wildcard(struct wire_slice subject);

/* The literal subject is among those the pattern stands for. Wildcard characters in subject are literal. A
 * subject with an empty token is matched by nothing, not even by ">" [nats-server 2.9.10, sublist.go]. */
bool wire_subject_matches(struct wire_slice pattern, struct wire_slice subject);

/* Every subject that `narrow` stands for is among those `wide` stands for. Both are valid patterns. */
bool wire_subject_covers(struct wire_slice wide, struct wire_slice narrow);

/* There is a subject that both valid patterns stand for. */
bool wire_subject_overlaps(struct wire_slice a, struct wire_slice b);

/* The next token of *rest, which is advanced past it and its dot. False at the end. An empty token between
 * dots is returned as an empty slice. Start with the whole subject in *rest. */
bool wire_subject_next_token(struct wire_slice *rest, struct wire_slice *token);

#endif
