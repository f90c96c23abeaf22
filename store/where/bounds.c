#include "store/where/bounds.h"

#include "store/where/evaluate.h"

/* A comparison with every number from low to high, both inclusive. */
static enum store__verdict test_range(const struct store__where_test *test, int64_t low, int64_t high)
{
	const struct store__number at_low = store__number_of(low), at_high = store__number_of(high);
	const bool low_holds = store__where_test_number(test, &at_low);
	const bool high_holds = store__where_test_number(test, &at_high);
	const bool is_inside = store__number_compare(&test->constant.number, &at_low) >= 0 &&
			       store__number_compare(&test->constant.number, &at_high) <= 0;
	const bool is_equality =
	    test->operator== STORE__WHERE_EQUAL || test->operator== STORE__WHERE_NOT_EQUAL;
	if (low_holds != high_holds || (is_equality && is_inside && low != high))
		return STORE__MAYBE;
	return store__verdict_of(low_holds);
}

/* Messages are at most as large as all together. Sizes of deliveries are not in the header, and other events have none. */
static enum store__verdict test_size(const struct store__where_test *test,
				     const struct store_block_header *header)
{
	if (header->kinds & 1u << WIRE_EVENT_DELIVERY || header->payload_bytes > INT64_MAX)
		return STORE__MAYBE;
	enum store__verdict verdict = test_range(test, 0, (int64_t)header->payload_bytes);
	return verdict == STORE__NO ? STORE__NO : STORE__MAYBE;
}

static enum store__verdict test_kinds(const struct store__where *where, const struct store__where_test *test,
				      uint32_t kinds)
{
	bool has_yes = false, has_no = false;
	for (int kind = 0; kind < WIRE_EVENT_GAP; kind++) {
		const struct wire_event event = {.kind = (enum wire_event_kind)kind};
		const struct store__facts facts = {.event = &event, .have = STORE__NEEDS_NUMBERS};
		if (!(kinds & 1u << kind))
			continue;
		bool holds = store__where_test(where, test, &facts) == STORE__YES;
		has_yes |= holds;
		has_no |= !holds;
	}
	return has_yes && has_no ? STORE__MAYBE : store__verdict_of(has_yes);
}

static enum store__verdict test_block(const struct store__where *where, const struct store__where_test *test,
				      const struct store_block_header *header)
{
	switch (test->operand) {
	case STORE__WHERE_KIND: return test_kinds(where, test, header->kinds);
	case STORE__WHERE_TIME: return test_range(test, header->min_time_ns, header->max_time_ns);
	case STORE__WHERE_SEQ:
		return test_range(test, (int64_t)header->first_seq,
				  (int64_t)(header->first_seq + header->events - 1));
	case STORE__WHERE_SIZE: return test_size(test, header);
	default: return STORE__MAYBE;
	}
}

struct store__decided store__where_bounds(const struct store__where *where,
					  const struct store_block_header *header)
{
	struct store__decided decided = {0};
	for (uint32_t i = 0; i < where->count; i++) {
		enum store__verdict verdict = test_block(where, &where->tests[i], header);
		if (verdict == STORE__MAYBE)
			continue;
		decided.known |= UINT64_C(1) << i;
		decided.holds |= (uint64_t)(verdict == STORE__YES) << i;
	}
	return decided;
}
