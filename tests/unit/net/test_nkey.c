/* NKey seeds and their public keys. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "net/client/nkey.h"

/* The pair of the NATS documentation, "NKey Authentication". */
#define SEED   "SUACSSL3UAHUDXKFSNVUZRF5UHPMWZ6BFDTJ7M6USDXIEDNPPQYYYCU3VY"
#define PUBLIC "UDXU4RCSJNZOIQHZNWXHXORDPRTGNJAHAHFRGZNEEJCPQTT2M7NLCNF4"

static void a_seed_has_the_documented_public_key(void **state)
{
	char text[NET__NKEY_TEXT];

	(void)state;
	assert_int_equal(net__nkey_public_of(SEED, text), 0);
	assert_string_equal(text, PUBLIC);
}

/* One character changed at each place: the checksum or the prefix tells. */
static void no_other_text_is_a_seed(void **state)
{
	char text[NET__NKEY_TEXT], seed[] = SEED;

	(void)state;
	for (size_t i = 0; i < sizeof(seed) - 1; i++) {
		char was = seed[i];
		seed[i] = was == 'A' ? 'B' : 'A';
		assert_true(net__nkey_public_of(seed, text) < 0);
		seed[i] = '1';
		assert_true(net__nkey_public_of(seed, text) < 0);
		seed[i] = was;
	}
	assert_true(net__nkey_public_of("", text) < 0);
	assert_true(net__nkey_public_of(PUBLIC, text) < 0);
	assert_true(net__nkey_public_of(SEED "A", text) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_seed_has_the_documented_public_key),
	    cmocka_unit_test(no_other_text_is_a_seed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
