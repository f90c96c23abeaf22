/* evaluate.h - one comparison of a condition, on one event. Internal to store. */
#ifndef STORE_WHERE_EVALUATE_H
#define STORE_WHERE_EVALUATE_H

#include "store/where/facts.h"

/* MAYBE when the facts do not have what the comparison needs. Uses memory of `where`. Allocates nothing. */
enum store__verdict store__where_test(const struct store__where *where, const struct store__where_test *test,
				      const struct store__facts *facts);

/* The comparison of a number with the test's constant. */
bool store__where_test_number(const struct store__where_test *test, const struct store__number *number);

#endif
