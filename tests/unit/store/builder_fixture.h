/* builder_fixture.h - a test's own folder, and a log built in it. */
#ifndef TESTS_BUILDER_FIXTURE_H
#define TESTS_BUILDER_FIXTURE_H

#include "support/tempdir.h"
#include "tests/unit/store/log_builder.h"

/* A test's state: a log that is empty yet. */
struct builder_fixture {
	struct support_tempdir dir;
	char log[300];
	struct log_builder builder;
};

int builder_fixture_setup(void **state);
int builder_fixture_teardown(void **state);

/* Flip a bit in the middle of a frame of the n-th block. */
void builder_damage_frame(const struct log_builder *builder, size_t block, enum store_frame frame);

#endif
