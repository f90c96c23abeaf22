/* A dictionary is trained in a thread that may be given up. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "store/care/trainer.h"

enum { BYTES = 1 << 20, CAP = 16 << 10 };

static struct store__samples samples;

/* Lines that have much in common. */
static int take_samples(void **state)
{
	char *text = malloc(BYTES + 100);
	int len = 0;
	(void)state;
	for (unsigned i = 0; len < BYTES; i++)
		len += sprintf(text + len, "{\"order\":%u,\"state\":\"%s\",\"customer\":\"c-%u\"}\n",
			       i * 7919, i % 3 ? "open" : "closed", i * 104729 % 10007);
	store__samples_take(&samples, (const unsigned char *)text, (size_t)len);
	free(text);
	assert_true(store__samples_count(&samples) >= 8);
	return 0;
}

static int drop_samples(void **state)
{
	(void)state;
	store__samples_fini(&samples);
	samples = (struct store__samples){0};
	return 0;
}

static void a_dictionary_fits_where_it_is_wanted(void **state)
{
	static unsigned char dictionary[CAP];
	const _Atomic bool stop = false;
	(void)state;
	int64_t len = store__trainer_run(&samples, dictionary, CAP, &stop);
	assert_in_range(len, 256, CAP);
	assert_memory_equal(dictionary, "\x37\xa4\x30\xec", 4); /* RFC 8878, 5: Magic_Number */
	assert_int_equal(store__samples_count(&samples), 0);
}

static void training_is_given_up_when_it_is_stopped(void **state)
{
	static unsigned char dictionary[CAP];
	const _Atomic bool stop = true;
	(void)state;
	assert_int_equal(store__trainer_run(&samples, dictionary, CAP, &stop), -ECANCELED);
	assert_int_equal(dictionary[0], 0);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, take_samples, drop_samples)
	const struct CMUnitTest tests[] = {
	    CASE(a_dictionary_fits_where_it_is_wanted),
	    CASE(training_is_given_up_when_it_is_stopped),
	};
	return cmocka_run_group_tests_name("trainer", tests, NULL, NULL);
}
