#include "tests/unit/store/builder_fixture.h"

#include <stdlib.h>

int builder_fixture_setup(void **state)
{
	struct builder_fixture *fixture = calloc(1, sizeof *fixture);
	*state = fixture;
	if (!fixture)
		return -1;
	support_tempdir_open(&fixture->dir);
	support_tempdir_path(&fixture->dir, "log", fixture->log, sizeof fixture->log);
	builder_open(&fixture->builder, fixture->log, 1);
	return 0;
}

int builder_fixture_teardown(void **state)
{
	struct builder_fixture *fixture = *state;
	builder_close(&fixture->builder);
	support_tempdir_close(&fixture->dir);
	free(fixture);
	return 0;
}

void builder_damage_frame(const struct log_builder *builder, size_t block, enum store_frame frame)
{
	const struct built_block *built = &builder->blocks[block];
	builder_flip(builder->segments[built->segment],
		     builder_frame_offset(built, frame) + built->header.frames[frame].stored_bytes / 2, 3);
}
