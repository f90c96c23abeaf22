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

static void assert_masked(const char *text, const char *wanted)
{
	char out[200];
	wire_redact_urls(text, out, sizeof out);
	if (strcmp(out, wanted) != 0)
		fail_msg("%s: got %s, wanted %s", text, out, wanted);
}

static void passwords_of_urls_are_masked(void **state)
{
	(void)state;
	assert_masked("cannot connect to nats://u:s3cret@host:4222: refused",
		      "cannot connect to nats://u:***@host:4222: refused");
	assert_masked("\"tls://s3cret@host\"", "\"tls://***@host\"");
	assert_masked("u:s3cret@host", "u:***@host");
	assert_masked("nats://u:p@s/3:c,ret@host", "nats://u:***@host");
	assert_masked("nats://a:s3cret@x:1,nats://b:s3cret@y:2", "nats://a:***@x:1,nats://b:***@y:2");
	assert_masked("--sever=nats://u:s3cret@h", "--sever=nats://u:***@h");
}

static void other_text_stays(void **state)
{
	(void)state;
	assert_masked("", "");
	assert_masked("nats://host:4222 ann@example.org a:b", "nats://host:4222 ann@example.org a:b");
	assert_masked("cannot open \"/x/y\": No such file", "cannot open \"/x/y\": No such file");
}

static void a_text_that_is_too_long_is_cut(void **state)
{
	char out[12];
	(void)state;
	wire_redact_urls("nats://u:s3cret@host", out, sizeof out);
	assert_string_equal(out, "nats://u:**");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_no_secret_stays),
	    cmocka_unit_test(a_user_without_password_is_a_token),
	    cmocka_unit_test(no_secret_gets_out_in_any_shape),
	    cmocka_unit_test(what_is_no_object_becomes_one_word),
	    cmocka_unit_test(passwords_of_urls_are_masked),
	    cmocka_unit_test(other_text_stays),
	    cmocka_unit_test(a_text_that_is_too_long_is_cut),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
