/* Credentials do not get out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "wire/redact.h"

static void assert_redacted(const char *json, const char *wanted)
{
	char *text = wire_redact_connect(wire_slice_str(json));
	assert_non_null(text);
	if (strcmp(text, wanted) != 0)
		fail_msg("%s: got %s, wanted %s", json, text, wanted);
	free(text);
}

static void what_is_no_secret_stays(void **state)
{
	(void)state;
	assert_redacted("{}", "{}");
	assert_redacted("{ \"name\": \"n\", \"user\": \"u\", \"pass\": \"p\", \"nkey\": \"UA\" }",
			"{ \"name\": \"n\", \"user\": \"u\", \"pass\": \"[REDACTED]\", \"nkey\": \"UA\" }");
	assert_redacted("{\"verbose\":false,\"protocol\":1,\"lang\":\"c\\ud83d\",\"echo\":null}",
			"{\"verbose\":false,\"protocol\":1,\"lang\":\"c\\ud83d\",\"echo\":null}");
}

static void a_user_without_password_is_a_token(void **state)
{
	(void)state;
	assert_redacted("{\"user\":\"t\"}", "{\"user\":\"[REDACTED]\"}");
	assert_redacted("{\"user\":\"t\",\"pass\":\"\"}",
			"{\"user\":\"[REDACTED]\",\"pass\":\"[REDACTED]\"}");
	assert_redacted("{\"pass\":\"x\",\"pass\":\"\",\"user\":\"t\"}",
			"{\"pass\":\"[REDACTED]\",\"pass\":\"[REDACTED]\",\"user\":\"[REDACTED]\"}");
	assert_redacted("{\"user\":\"t\",\"pass\":null}",
			"{\"user\":\"[REDACTED]\",\"pass\":\"[REDACTED]\"}");
}

/* Every input holds the word "secret" wherever a credential may stand. */
static void no_secret_gets_out_in_any_shape(void **state)
{
	(void)state;
	static const char *const inputs[] = {
	    "{\"pass\":\"secret\"}",
	    "{\"auth_token\":\"secret\",\"sig\":\"secret\",\"jwt\":\"secret\",\"nonce\":\"secret\"}",
	    "{\"PASS\":\"secret\",\"Jwt\":\"secret\",\"User\":\"u\"}",
	    "{\"pass\":\"a\\\"secret\\\\\",\"x\":1}",
	    "{\"p\\u0061ss\":\"secret\"}",
	    "{\"pass\":\"x\",\"pass\":\"secret\"}",
	    "{\"pass\":\"secret\",\"pass\":\"x\"}",
	    "{\"pass\":[\"secret\"],\"sig\":{\"a\":\"secret\"}}",
	    "{\"a\":{\"pass\":\"secret\"},\"b\":[[{\"user\":\"secret\"}]]}",
	    "{\"pass\":\"se\\u0000cret secret\"}",
	    "{\"password\":\"secret\",\"token\":\"secret\",\"authToken\":\"secret\",\"passwd\":\"secret\"}",
	    "{\"x\":[1,{\"y\":\"secret\"}],\"z\":1234,\"key\":\"secret\"}",
	    "{\"verbose\":\"secret\",\"name\":{\"pass\":\"secret\"},\"lang\":[\"secret\"]}",
	    "{\"pass\":\"secret\"",
	    "{\"pass\":\"secret\"} trailing",
	    "{pass:secret}",
	    "\"secret\"",
	    "[\"secret\"]",
	    "secret",
	    "{\"pass\":\"secret\xff\"}",
	};
	for (size_t i = 0; i < sizeof inputs / sizeof *inputs; i++) {
		char *text = wire_redact_connect(wire_slice_str(inputs[i]));
		assert_non_null(text);
		if (strstr(text, "secret") || !strstr(text, "[REDACTED]"))
			fail_msg("%s: got %s", inputs[i], text);
		free(text);
	}
}

static void what_is_no_object_becomes_one_word(void **state)
{
	(void)state;
	assert_redacted("", "\"[REDACTED]\"");
	assert_redacted("[1]", "\"[REDACTED]\"");
	assert_redacted("{\"a\":", "\"[REDACTED]\"");
	char *text = wire_redact_connect(wire_slice(NULL, 0));
	assert_string_equal(text, "\"[REDACTED]\"");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_no_secret_stays),
	    cmocka_unit_test(a_user_without_password_is_a_token),
	    cmocka_unit_test(no_secret_gets_out_in_any_shape),
	    cmocka_unit_test(what_is_no_object_becomes_one_word),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
