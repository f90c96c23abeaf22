/* Commands to a player, as far as they need no run. */
#include "replay/play/player_commands.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "replay/play/player_state.h"

enum { SECONDS = 1000000000 };

/* So that three seeks by ten seconds, pressed quickly, are one by thirty. */
static void the_position_is_the_target_as_soon_as_a_seek_is_asked_for(void **state)
{
	struct replay_player player = {0};
	struct replay_progress progress;
	(void)state;
	for (int i = 1; i <= 3; i++) {
		replay_player_progress(&player, &progress);
		replay_player_seek(&player, progress.steady_ns + INT64_C(10) * SECONDS);
	}
	replay_player_progress(&player, &progress);
	assert_int_equal(progress.steady_ns, INT64_C(30) * SECONDS);
}

static void pause_and_speed_are_seen_at_once(void **state)
{
	struct replay_player player = {0};
	struct replay_progress progress;
	(void)state;
	replay_player_pause(&player, true);
	replay_player_set_speed(&player, 7);
	replay_player_progress(&player, &progress);
	assert_true(progress.paused);
	assert_int_equal(progress.speed, 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_position_is_the_target_as_soon_as_a_seek_is_asked_for),
	    cmocka_unit_test(pause_and_speed_are_seen_at_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
