/* Who a client is, from the JWT in its CONNECT. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "wire/jwt.h"

static void user_and_account_are_read(void **state)
{
	struct wire_jwt jwt;
	(void)state;
	/* {"iss":"ASIGNER","sub":"UUSER","nats":{"issuer_account":"AOWNER"}} */
	assert_true(wire_jwt_read(
	    &jwt,
	    "e30.eyJpc3MiOiJBU0lHTkVSIiwic3ViIjoiVVVTRVIiLCJuYXRzIjp7Imlzc3Vlcl9hY2NvdW50IjoiQU9XTkVSIn19."
	    "c2ln"));
	assert_string_equal(jwt.user, "UUSER");
	assert_string_equal(jwt.account, "AOWNER");
	/* {"iss":"AOWNER","sub":"UUSER"} */
	assert_true(wire_jwt_read(&jwt, "e30.eyJpc3MiOiJBT1dORVIiLCJzdWIiOiJVVVNFUiJ9.c2ln"));
	assert_string_equal(jwt.account, "AOWNER");
}

static void all_else_is_no_user(void **state)
{
	/* {"sub":7}, {"sub":"SUAPRIVATE"}, a cut one, one with a character that is none of base64url */
	static const char *const texts[] = {"",
					    "s3cret",
					    "a.b",
					    "..",
					    "e30.eyJzdWIiOjd9.c2ln",
					    "e30.eyJzdWIiOiJTVUFQUklWQVRFIn0.c2ln",
					    "e30.eyJpc3MiOiJBT1dORVIiLCJzdWIiOiJVVVNF.c2ln",
					    "e30.eyJ+.c2ln"};
	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		struct wire_jwt jwt;
		assert_false(wire_jwt_read(&jwt, texts[i]));
		assert_string_equal(jwt.user, "");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(user_and_account_are_read),
					   cmocka_unit_test(all_else_is_no_user)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
