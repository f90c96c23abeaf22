/* Permissions of users, admission of clients, and replies that are granted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "broker/auth.h"
#include "broker/permissions.h"
#include "broker/quote.h"
#include "broker/replies.h"

/* ---- permissions ---- */

static char *const orders[] = {"orders.>", "one"};
static char *const secret[] = {"orders.secret.*"};
static char *const queues[] = {"jobs v1", "jobs v2.*", "jobs"};
static char *const only_queue[] = {"jobs v1"};
static char *const star[] = {"a.*"};

#define LIST(member, entries) \
	.member = (char **)(uintptr_t)(entries), .member##_len = sizeof(entries) / sizeof *(entries)

struct question {
	struct broker_permission rule;
	const char *subject, *queue;
	bool may;
};

static void subscribing_follows_the_table(void **state)
{
	static const struct question table[] = {
	    {{0}, "anything.>", "", true},
	    {{LIST(allow, orders), .has_allow = true}, "orders.new", "", true},
	    {{LIST(allow, orders), .has_allow = true}, "orders.*", "", true},
	    {{LIST(allow, orders), .has_allow = true}, "orders.>", "", true},
	    {{LIST(allow, orders), .has_allow = true}, ">", "", false},
	    {{LIST(allow, orders), .has_allow = true}, "one", "any", true},
	    {{.has_allow = true}, "one", "", false},
	    {{LIST(allow, star), .has_allow = true}, "a.>", "", false},
	    {{LIST(deny, secret)}, "orders.secret.x", "", false},
	    {{LIST(deny, secret)}, "orders.>", "", true},
	    {{LIST(allow, only_queue), .has_allow = true}, "jobs", "", false},
	    {{LIST(allow, only_queue), .has_allow = true}, "jobs", "v1", true},
	    {{LIST(allow, only_queue), .has_allow = true}, "jobs", "v3", false},
	    {{LIST(allow, queues), .has_allow = true}, "jobs", "", true},
	    {{LIST(allow, queues), .has_allow = true}, "jobs", "v2.beta", true},
	    {{LIST(allow, queues), .has_allow = true}, "jobs", "v3", false},
	    {{LIST(deny, only_queue)}, "jobs", "v1", false},
	    {{LIST(deny, only_queue)}, "jobs", "v2", true},
	    {{LIST(deny, only_queue)}, "jobs", "", true},
	};
	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		const struct broker_permissions permissions = {.subscribe = table[i].rule};
		bool may = broker__may_subscribe(&permissions, wire_slice_str(table[i].subject),
						 wire_slice_str(table[i].queue));
		if (may != table[i].may)
			fail_msg("row %zu, %s %s: %d", i, table[i].subject, table[i].queue, may);
	}
}

static void publishing_follows_the_table(void **state)
{
	static const struct question table[] = {
	    {{0}, "anything", "", true},
	    {{LIST(allow, orders), .has_allow = true}, "orders.a.b", "", true},
	    {{LIST(allow, orders), .has_allow = true}, "other", "", false},
	    {{.has_allow = true}, "other", "", false},
	    {{LIST(deny, secret)}, "orders.secret.x", "", false},
	    {{LIST(allow, orders), .has_allow = true, LIST(deny, secret)}, "orders.secret.x", "", false},
	    {{LIST(allow, orders), .has_allow = true, LIST(deny, secret)}, "orders.secret", "", true},
	};
	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		const struct broker_permissions permissions = {.publish = table[i].rule};
		bool may = broker__may_publish(&permissions, wire_slice_str(table[i].subject));
		if (may != table[i].may)
			fail_msg("row %zu, %s: %d", i, table[i].subject, may);
	}
}

static void a_client_with_granted_replies_may_publish_nothing_else(void **state)
{
	const struct broker_permissions permissions = {.allow_responses = true};
	(void)state;
	assert_false(broker__may_publish(&permissions, WIRE_LITERAL("a")));
}

static void a_narrow_deny_filters_what_a_wide_subscription_receives(void **state)
{
	const struct broker_permissions permissions = {.subscribe = {LIST(deny, secret)}};
	(void)state;
	assert_false(broker__may_receive(&permissions, WIRE_LITERAL("orders.secret.x")));
	assert_true(broker__may_receive(&permissions, WIRE_LITERAL("orders.public")));
	assert_true(broker__may_receive(NULL, WIRE_LITERAL("orders.secret.x")));
}

/* ---- replies ---- */

static void a_grant_is_limited_in_number_and_time(void **state)
{
	const struct broker_permissions twice = {
	    .allow_responses = true, .response_max = 2, .response_expire_ms = 10};
	const struct wire_slice reply = WIRE_LITERAL("inbox.1");
	(void)state;
	struct broker__replies *replies = broker__replies_open(1);
	assert_false(broker__replies_use(replies, reply, &twice, 0));
	broker__replies_grant(replies, reply, 0);
	assert_true(broker__replies_use(replies, reply, &twice, 10000000));
	assert_true(broker__replies_use(replies, reply, &twice, 10000000));
	assert_false(broker__replies_use(replies, reply, &twice, 10000000));
	broker__replies_grant(replies, reply, 0);
	assert_false(broker__replies_use(replies, reply, &twice, 10000001));
	broker__replies_close(replies);
}

static void the_oldest_of_too_many_grants_is_dropped(void **state)
{
	const struct broker_permissions any = {.response_max = -1};
	char reply[32];
	(void)state;
	struct broker__replies *replies = broker__replies_open(1);
	for (int i = 0; i <= 16384; i++) {
		snprintf(reply, sizeof reply, "r.%d", i);
		broker__replies_grant(replies, wire_slice_str(reply), i);
	}
	assert_false(broker__replies_use(replies, WIRE_LITERAL("r.0"), &any, 0));
	assert_true(broker__replies_use(replies, WIRE_LITERAL("r.1"), &any, 0));
	assert_true(broker__replies_use(replies, WIRE_LITERAL("r.16384"), &any, 0));
	broker__replies_close(replies);
}

/* ---- credentials ---- */

static char bcrypt_of_secret[] = "$2a$04$ZQ7W4CeTTDpEbLxRxuz.6.cCl5dVqp3ZkNQV2XpVhBYpYgcRU.eDe";

static struct wire_connect shows(char *user, char *pass, char *token)
{
	return (struct wire_connect){.user = user, .pass = pass, .auth_token = token};
}

enum { SEED = 1 };

static bool is_let_in(const struct broker_options *options, const struct wire_connect *connect,
		      struct broker__identity *identity)
{
	const char *hash;
	return broker__auth_check(options, connect, SEED, NULL, identity, &hash) == BROKER__GRANTED;
}

static void a_token_must_be_the_same(void **state)
{
	const struct broker_options options = {.token = (char[]){"s3cr3t"}};
	const struct wire_connect right = shows("", "", "s3cr3t"), shorter = shows("", "", "s3cr3"),
				  longer = shows("", "", "s3cr3ts3cr3t"), none = shows("", "", "");
	struct broker__identity identity;
	(void)state;
	assert_true(is_let_in(&options, &right, &identity));
	assert_null(identity.user);
	assert_false(is_let_in(&options, &shorter, &identity));
	assert_false(is_let_in(&options, &longer, &identity));
	assert_false(is_let_in(&options, &none, &identity));
}

static void users_have_their_own_passwords(void **state)
{
	struct broker_user users[] = {{.name = (char[]){"ann"}, .password = (char[]){"a"}},
				      {.name = (char[]){"bob"}, .password = (char[]){"b"}}};
	const struct broker_options options = {
	    .users = users, .users_len = 2, .no_auth_user = (char[]){"bob"}};
	const struct wire_connect ann = shows("ann", "a", ""), mixed = shows("ann", "b", ""),
				  nobody = shows("", "", ""), unknown = shows("eve", "", "");
	struct broker__identity identity;
	(void)state;
	assert_true(is_let_in(&options, &ann, &identity));
	assert_string_equal(identity.user, "ann");
	assert_false(is_let_in(&options, &mixed, &identity));
	assert_false(is_let_in(&options, &unknown, &identity));
	assert_true(is_let_in(&options, &nobody, &identity));
	assert_string_equal(identity.user, "bob");
}

static void a_changed_password_ends_clients_that_used_the_old_one(void **state)
{
	struct broker_user old = {.name = (char[]){"ann"}, .password = (char[]){"a"}};
	struct broker_user fresh = {.name = (char[]){"ann"}, .password = (char[]){"z"}};
	const struct broker_options before = {.users = &old, .users_len = 1};
	const struct broker_options same = {.users = &old, .users_len = 1};
	const struct broker_options after = {.users = &fresh, .users_len = 1};
	struct broker__identity identity;
	(void)state;
	assert_true(broker__auth_is_unchanged(&before, &same, "ann", &identity));
	assert_false(broker__auth_is_unchanged(&before, &after, "ann", &identity));
	assert_false(broker__auth_is_unchanged(&before, &after, NULL, &identity));
}

/* ---- hashes ---- */

/* Of "secret", cost 4. */
static char good_hash[] = "$2b$04$LJmxESlmNGuFfU0KXKTeXur7xeGOCuiVjcO9DDsX9VAMfywOM2rFC";

static void a_hash_itself_is_not_its_password(void **state)
{
	(void)state;
	assert_true(broker__auth_verify(good_hash, "secret"));
	assert_false(broker__auth_verify(good_hash, "Secret"));
	assert_false(broker__auth_verify(good_hash, good_hash));
	assert_false(broker__auth_verify(bcrypt_of_secret, bcrypt_of_secret));
}

/* The verdict once the requested hash was verified. */
static enum broker__verdict judge(const struct broker_options *options, const struct wire_connect *connect,
				  struct broker__identity *identity)
{
	const char *hash = NULL, *again;
	enum broker__verdict verdict = broker__auth_check(options, connect, SEED, NULL, identity, &hash);
	if (verdict != BROKER__UNDECIDED)
		return verdict;
	const struct broker__proof proof = {
	    .hash = hash, .fits = broker__auth_verify(hash, broker__auth_given(options, connect))};
	return broker__auth_check(options, connect, SEED, &proof, identity, &again);
}

static void a_password_that_is_a_hash_is_verified_first(void **state)
{
	struct broker_user users[] = {{.name = (char[]){"ann"}, .password = good_hash},
				      {.name = (char[]){"bob"}, .password = (char[]){"b"}}};
	const struct broker_options options = {.users = users, .users_len = 2};
	const struct wire_connect right = shows("ann", "secret", ""), wrong = shows("ann", "x", ""),
				  clear = shows("bob", "b", "");
	struct broker__identity identity;
	const char *hash;
	(void)state;
	assert_int_equal(broker__auth_check(&options, &right, SEED, NULL, &identity, &hash),
			 BROKER__UNDECIDED);
	assert_int_equal(judge(&options, &right, &identity), BROKER__GRANTED);
	assert_string_equal(identity.user, "ann");
	assert_int_equal(judge(&options, &wrong, &identity), BROKER__REFUSED);
	assert_true(is_let_in(&options, &clear, &identity));
}

/* Every refusal waits for a hash, so that its time reveals neither unknown users nor clear passwords. */
static void every_refusal_takes_a_hash(void **state)
{
	struct broker_user users[] = {{.name = (char[]){"ann"}, .password = good_hash},
				      {.name = (char[]){"bob"}, .password = (char[]){"b"}}};
	const struct broker_options options = {.users = users, .users_len = 2};
	const struct wire_connect wrong[] = {shows("eve", "secret", ""), shows("bob", "secret", ""),
					     shows("", "", "secret"), shows("", "", "")};
	struct broker__identity identity;
	const char *hash = NULL;
	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		assert_int_equal(broker__auth_check(&options, &wrong[i], SEED, NULL, &identity, &hash),
				 BROKER__UNDECIDED);
		assert_string_equal(hash, good_hash);
		assert_int_equal(judge(&options, &wrong[i], &identity), BROKER__REFUSED);
	}
}

static void a_proof_of_another_hash_is_ignored(void **state)
{
	struct broker_user user = {.name = (char[]){"ann"}, .password = good_hash};
	const struct broker_options options = {.users = &user, .users_len = 1};
	const struct wire_connect connect = shows("ann", "old", "");
	const struct broker__proof old = {.hash = bcrypt_of_secret, .fits = true};
	struct broker__identity identity;
	const char *hash = NULL;
	(void)state;
	assert_int_equal(broker__auth_check(&options, &connect, SEED, &old, &identity, &hash),
			 BROKER__UNDECIDED);
	assert_string_equal(hash, good_hash);
}

static void a_token_goes_before_a_single_user(void **state)
{
	const struct broker_options options = {
	    .token = (char[]){"t"}, .username = (char[]){"u"}, .password = (char[]){"p"}};
	const struct wire_connect token = shows("", "", "t"), user = shows("u", "p", ""),
				  both = shows("u", "p", "t");
	struct broker__identity identity;
	(void)state;
	assert_true(is_let_in(&options, &token, &identity));
	assert_false(is_let_in(&options, &user, &identity));
	assert_true(is_let_in(&options, &both, &identity));
}

static void users_go_before_a_token(void **state)
{
	struct broker_user ann = {.name = (char[]){"ann"}, .password = (char[]){"a"}};
	const struct broker_options options = {.users = &ann, .users_len = 1, .token = (char[]){"t"}};
	const struct wire_connect user = shows("ann", "a", ""), token = shows("", "", "t"),
				  unknown = shows("eve", "", "t");
	struct broker__identity identity;
	(void)state;
	assert_true(is_let_in(&options, &user, &identity));
	assert_true(is_let_in(&options, &token, &identity));
	assert_false(is_let_in(&options, &unknown, &identity));
}

/* ---- quoting ---- */

static void quotes_escape_what_cannot_be_printed(void **state)
{
	char *quoted = broker__quote(WIRE_LITERAL("a\"b\\c\x01\xff\xc3\xa9\x7f"));
	(void)state;
	assert_string_equal(quoted, "\"a\\\"b\\\\c\\x01\\xff\xc3\xa9\\x7f\"");
	free(quoted);
}

static void a_character_cut_short_is_escaped(void **state)
{
	char *quoted = broker__quote(WIRE_LITERAL("\xe2\x82"));
	(void)state;
	assert_string_equal(quoted, "\"\\xe2\\x82\"");
	free(quoted);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(subscribing_follows_the_table),
	    cmocka_unit_test(publishing_follows_the_table),
	    cmocka_unit_test(a_client_with_granted_replies_may_publish_nothing_else),
	    cmocka_unit_test(a_narrow_deny_filters_what_a_wide_subscription_receives),
	    cmocka_unit_test(a_grant_is_limited_in_number_and_time),
	    cmocka_unit_test(the_oldest_of_too_many_grants_is_dropped),
	    cmocka_unit_test(a_token_must_be_the_same),
	    cmocka_unit_test(users_have_their_own_passwords),
	    cmocka_unit_test(a_changed_password_ends_clients_that_used_the_old_one),
	    cmocka_unit_test(a_hash_itself_is_not_its_password),
	    cmocka_unit_test(a_password_that_is_a_hash_is_verified_first),
	    cmocka_unit_test(every_refusal_takes_a_hash),
	    cmocka_unit_test(a_proof_of_another_hash_is_ignored),
	    cmocka_unit_test(a_token_goes_before_a_single_user),
	    cmocka_unit_test(users_go_before_a_token),
	    cmocka_unit_test(quotes_escape_what_cannot_be_printed),
	    cmocka_unit_test(a_character_cut_short_is_escaped),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
