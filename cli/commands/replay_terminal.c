#include "cli/commands/replay_terminal.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "cli/output/color.h"
#include "export/text/clock.h"
#include "export/text/sizes.h"
#include "replay/play/pace.h"
#include "replay/play/schedule.h"

enum { REFRESH_MS = 200, NS_PER_SECOND = 1000000000, STEP_SECONDS = 10, STRIDE_SECONDS = 60 };

/* ---- the line ---- */

/* The share of the log that was played, 0 … 1. */
static double share_of(const struct cli_replay_terminal *terminal, const struct replay_progress *progress)
{
	double whole = (double)terminal->last_ns - (double)terminal->first_ns;
	double done = (double)progress->steady_ns - (double)terminal->first_ns;

	if (terminal->last_ns == INT64_MAX)
		return 0;
	return whole <= 0 || done < 0 ? 0 : done > whole ? 1 : done / whole;
}

/* The nanoseconds left of this iteration; negative when unknown. */
static int64_t left_of(const struct cli_replay_terminal *terminal, const struct replay_progress *progress)
{
	double share = share_of(terminal, progress);
	double rest_ns = (double)terminal->last_ns - (double)progress->steady_ns;

	if (terminal->last_ns == INT64_MAX)
		return -1;
	if (terminal->as_recorded)
		return (int64_t)(rest_ns * REPLAY_SPEED_ONE / (double)progress->speed);
	if (share <= 0)
		return -1;
	return (int64_t)((double)(replay_now_ns() - terminal->started_ns) * (1 - share) / share);
}

static double rate_since(struct cli_replay_terminal *terminal, uint64_t sent)
{
	int64_t now_ns = replay_now_ns();
	double seconds = (double)(now_ns - terminal->reported_ns) / NS_PER_SECOND;
	double rate = seconds > 0 ? (double)(sent - terminal->reported_sent) / seconds : 0;

	terminal->reported_ns = now_ns;
	terminal->reported_sent = sent;
	return rate;
}

/* Cut the text, which is ASCII, to the width of the terminal. */
static void write_line(const char *text)
{
	size_t columns = cli_terminal_columns(STDERR_FILENO);

	fprintf(stderr, "\r%.*s\033[K", (int)(columns > 1 ? columns - 1 : 79), text);
	fflush(stderr);
}

static const char *state_of(const struct replay_progress *progress)
{
	if (progress->away)
		return "[waiting for the server] ";
	return progress->paused ? "[paused] " : "";
}

/* A lag that nobody would notice is none. */
static const char *lag_text(char *text, size_t size, int64_t ns)
{
	char span[EXPORT_SIZE_TEXT];

	if (ns < 1000000)
		snprintf(text, size, "on time");
	else
		snprintf(text, size, "lag %s", export_span_text(span, ns));
	return text;
}

static void put_line(struct cli_replay_terminal *terminal)
{
	struct export_clock clock = {.utc = terminal->utc};
	struct replay_progress progress;
	char text[300], position[EXPORT_TIME_TEXT], speed[EXPORT_SIZE_TEXT], rate[EXPORT_SIZE_TEXT];
	char lag[EXPORT_SIZE_TEXT + 8], left[EXPORT_SIZE_TEXT] = "?", loop[40] = "";

	replay_player_progress(terminal->player, &progress);
	double per_second = rate_since(terminal, progress.sent);
	if (progress.recorded_ns == INT64_MIN)
		return;
	export_clock_text(&clock, progress.recorded_ns, EXPORT_TIME_SECOND, position);
	if (terminal->iterations != 1)
		snprintf(loop, sizeof(loop), "  loop %" PRIu64, progress.iteration + 1);
	int64_t left_ns = left_of(terminal, &progress);
	if (left_ns >= 0)
		export_span_text(left, left_ns);
	snprintf(text, sizeof(text), "%s%s  %3.0f %%  %s  %s/s  %s  %s left%s", state_of(&progress), position,
		 100 * share_of(terminal, &progress),
		 export_factor_text(speed, (double)progress.speed / REPLAY_SPEED_ONE),
		 export_rate_text(rate, per_second), lag_text(lag, sizeof(lag), progress.lag_ns), left, loop);
	write_line(text);
}

/* ---- keys ---- */

static void change_speed(struct replay_player *player, const struct replay_progress *progress, bool faster)
{
	uint64_t speed = faster ? progress->speed * 5 / 4 : progress->speed * 4 / 5;

	if (speed >= REPLAY_SPEED_MIN && speed <= REPLAY_SPEED_MAX)
		replay_player_set_speed(player, speed);
}

static void seek(const struct cli_replay_terminal *terminal, const struct replay_progress *progress,
		 int seconds)
{
	int64_t ns;

	if (progress->recorded_ns == INT64_MIN || terminal->first_ns == INT64_MIN)
		return;
	if (__builtin_add_overflow(progress->steady_ns, (int64_t)seconds * NS_PER_SECOND, &ns) ||
	    ns > terminal->last_ns)
		ns = terminal->last_ns;
	replay_player_seek(terminal->player, ns < terminal->first_ns ? terminal->first_ns : ns);
}

static void take_right(const struct cli_replay_terminal *terminal, const struct replay_progress *progress)
{
	if (progress->paused)
		replay_player_step(terminal->player);
	else
		seek(terminal, progress, STEP_SECONDS);
}

static void take_key(const struct cli_replay_terminal *terminal, int key)
{
	struct replay_progress progress;

	replay_player_progress(terminal->player, &progress);
	switch (key) {
	case CLI_KEY_UP: seek(terminal, &progress, STRIDE_SECONDS); break;
	case CLI_KEY_DOWN: seek(terminal, &progress, -STRIDE_SECONDS); break;
	case CLI_KEY_RIGHT: take_right(terminal, &progress); break;
	case CLI_KEY_LEFT: seek(terminal, &progress, -STEP_SECONDS); break;
	case ' ': replay_player_pause(terminal->player, !progress.paused); break;
	case '+':
	case '=': change_speed(terminal->player, &progress, true); break;
	case '-': change_speed(terminal->player, &progress, false); break;
	case 'q': replay_player_stop(terminal->player); break;
	default: break;
	}
}

/* False at the end of input. */
static bool take_keys(struct cli_replay_terminal *terminal)
{
	char bytes[64];
	ssize_t len = read(STDIN_FILENO, bytes, sizeof(bytes));

	for (ssize_t i = 0; i < len; i++)
		take_key(terminal, cli_terminal_key(&terminal->keys, bytes[i]));
	return len > 0;
}

/* ---- the thread ---- */

static void *run_terminal(void *context)
{
	struct cli_replay_terminal *terminal = context;
	struct pollfd waits[] = {{.fd = terminal->stop_fd, .events = POLLIN},
				 {.fd = terminal->signal_fd, .events = POLLIN},
				 {.fd = terminal->has_keys ? STDIN_FILENO : -1, .events = POLLIN}};

	for (;;) {
		int ready = poll(waits, 3, terminal->has_line ? REFRESH_MS : -1);
		if (ready > 0 && waits[0].revents)
			return NULL;
		if (ready > 0 && waits[1].revents) {
			replay_player_stop(terminal->player);
			waits[1].fd = -1;
		}
		if (ready > 0 && waits[2].revents && !take_keys(terminal))
			waits[2].fd = -1;
		if (terminal->has_line)
			put_line(terminal);
	}
}

/* Read single keys without echo; Ctrl-C and Ctrl-Z still send signals. A background process leaves the terminal alone. */
static void take_terminal(struct cli_replay_terminal *terminal)
{
	struct termios raw;

	terminal->has_line = isatty(STDERR_FILENO);
	terminal->has_keys = isatty(STDIN_FILENO) && tcgetpgrp(STDIN_FILENO) == getpgrp() &&
			     tcgetattr(STDIN_FILENO, &terminal->saved) == 0;
	if (!terminal->has_keys)
		return;
	raw = terminal->saved;
	raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	raw.c_cc[VMIN] = 1;
	raw.c_cc[VTIME] = 0;
	tcsetattr(STDIN_FILENO, TCSANOW, &raw);
}

static void restore_terminal(const struct cli_replay_terminal *terminal)
{
	if (terminal->has_line)
		write_line("");
	if (terminal->has_line)
		fputc('\r', stderr);
	if (terminal->has_keys)
		tcsetattr(STDIN_FILENO, TCSANOW, &terminal->saved);
}

int cli_replay_terminal_open(struct cli_replay_terminal *terminal)
{
	terminal->stop_fd = eventfd(0, EFD_CLOEXEC);
	if (terminal->stop_fd < 0)
		return -errno;
	terminal->started_ns = terminal->reported_ns = replay_now_ns();
	take_terminal(terminal);
	int error = pthread_create(&terminal->thread, NULL, run_terminal, terminal);
	terminal->running = error == 0;
	if (error)
		cli_replay_terminal_close(terminal);
	return -error;
}

void cli_replay_terminal_close(struct cli_replay_terminal *terminal)
{
	if (terminal->running) {
		eventfd_write(terminal->stop_fd, 1);
		pthread_join(terminal->thread, NULL);
	}
	terminal->running = false;
	restore_terminal(terminal);
	close(terminal->stop_fd);
}
