#include "cli/top/screen.h"

#include <curses.h>
#include <langinfo.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <term.h>
#include <unistd.h>

#undef lines
#undef columns

enum { ESCAPE_MS = 25, CTRL_L = 'L' - '@', CTRL_H = 'H' - '@', ESCAPE = 033, DELETE = 0x7f };

struct cli_top_screen {
	SCREEN *handle;
	bool color;
	int continue_fd; /* readable after SIGCONT; -1 = none */
};

/* The terminal is of a kind that terminfo describes, and the cursor can be moved on it. */
static bool has_cursor(void)
{
	int found = 0;
	if (setupterm(NULL, STDOUT_FILENO, &found) != OK)
		return false;
	bool is_movable = cursor_address != NULL;
	del_curterm(cur_term);
	return is_movable;
}

bool cli_top_screen_is_possible(void)
{
	return isatty(STDOUT_FILENO) && isatty(STDIN_FILENO) && has_cursor();
}

/* tapedeck prints UTF-8 in every locale. */
static void set_locale(void)
{
	setlocale(LC_CTYPE, "");
	if (strcmp(nl_langinfo(CODESET), "UTF-8") != 0)
		setlocale(LC_CTYPE, "C.UTF-8");
}

static void start_colors(struct cli_top_screen *screen)
{
	static const short colors[CLI_COLORS] = {
	    [CLI_RED] = COLOR_RED,   [CLI_GREEN] = COLOR_GREEN,     [CLI_YELLOW] = COLOR_YELLOW,
	    [CLI_CYAN] = COLOR_CYAN, [CLI_MAGENTA] = COLOR_MAGENTA, [CLI_ALARM] = COLOR_RED,
	};
	screen->color = screen->color && has_colors() && start_color() == OK;
	if (!screen->color)
		return;
	use_default_colors();
	for (short i = 0; i < CLI_COLORS; i++)
		if (colors[i])
			init_pair(i, colors[i], -1);
}

/* Terminals send their arrows in one of two forms, whatever mode they were asked to be in. */
static void define_arrows(void)
{
	static const struct {
		const char *sequence;
		int key;
	} arrows[] = {
	    {"\033[A", KEY_UP},    {"\033[B", KEY_DOWN}, {"\033[C", KEY_RIGHT}, {"\033[D", KEY_LEFT},
	    {"\033[H", KEY_HOME},  {"\033[F", KEY_END},  {"\033OA", KEY_UP},    {"\033OB", KEY_DOWN},
	    {"\033OC", KEY_RIGHT}, {"\033OD", KEY_LEFT}, {"\033[Z", KEY_BTAB},
	};
	for (size_t i = 0; i < sizeof(arrows) / sizeof(arrows[0]); i++)
		define_key(arrows[i].sequence, arrows[i].key);
}

static sigset_t continue_signals(void)
{
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGCONT);
	return set;
}

/* -1 when that is not possible: then the next key redraws the screen. */
static int watch_for_continue(void)
{
	const sigset_t set = continue_signals();
	if (sigprocmask(SIG_BLOCK, &set, NULL) != 0)
		return -1;
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

struct cli_top_screen *cli_top_screen_open(bool color)
{
	struct cli_top_screen *screen = malloc(sizeof(*screen));
	set_locale();
	if (!screen || !(screen->handle = newterm(NULL, stdout, stdin))) {
		free(screen);
		return NULL;
	}
	screen->color = color;
	screen->continue_fd = watch_for_continue();
	set_escdelay(ESCAPE_MS);
	cbreak();
	noecho();
	nonl();
	keypad(stdscr, TRUE);
	define_arrows();
	nodelay(stdscr, TRUE);
	curs_set(0);
	start_colors(screen);
	return screen;
}

void cli_top_screen_close(struct cli_top_screen *screen)
{
	if (!screen)
		return;
	const sigset_t set = continue_signals();
	if (screen->continue_fd >= 0)
		close(screen->continue_fd);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	endwin();
	delscreen(screen->handle);
	free(screen);
}

size_t cli_top_screen_rows(const struct cli_top_screen *screen)
{
	(void)screen;
	return LINES > 0 ? (size_t)LINES : 1;
}

size_t cli_top_screen_columns(const struct cli_top_screen *screen)
{
	(void)screen;
	return COLS > 0 ? (size_t)COLS : 1;
}

void cli_top_screen_redraw(struct cli_top_screen *screen)
{
	(void)screen;
	clearok(curscr, TRUE);
}

bool cli_top_screen_was_continued(struct cli_top_screen *screen)
{
	struct signalfd_siginfo info;
	if (screen->continue_fd < 0 || read(screen->continue_fd, &info, sizeof(info)) <= 0)
		return false;
	reset_prog_mode();
	clearok(curscr, TRUE);
	return true;
}

/* ---- drawing ---- */

static attr_t attributes_of(const struct cli_top_screen *screen, enum cli_color color)
{
	attr_t pair = screen->color ? (attr_t)COLOR_PAIR(color) : 0;
	switch (color) {
	case CLI_PLAIN: return A_NORMAL;
	case CLI_BOLD: return A_BOLD;
	case CLI_DIM: return A_DIM;
	case CLI_ALARM: return A_BOLD | A_REVERSE | pair;
	default: return pair;
	}
}

static void draw_line(const struct cli_top_screen *screen, const struct cli_top_line *line, bool selected)
{
	size_t at = 0;
	attrset(selected ? A_REVERSE : A_NORMAL);
	while (at < line->len) {
		enum cli_color color;
		size_t code = cli_color_find(line->text + at, line->len - at, &color);
		const char *next = memchr(line->text + at + (code > 0), '\033', line->len - at - (code > 0));
		size_t end = next ? (size_t)(next - line->text) : line->len;
		if (code > 0 && !selected)
			attrset((int)attributes_of(screen, color));
		at += code;
		addnstr(line->text + at, (int)(end - at));
		at = end;
	}
	for (int column = getcurx(stdscr); selected && column < COLS; column++)
		addch(' ');
	attrset(A_NORMAL);
}

void cli_top_screen_draw(struct cli_top_screen *screen, const struct cli_top_frame *frame)
{
	erase();
	for (size_t i = 0; i < frame->lines.len && i < cli_top_screen_rows(screen); i++) {
		move((int)i, 0);
		draw_line(screen, &frame->lines.list[i], i == frame->highlighted);
	}
	refresh();
}

/* ---- keys ---- */

int cli_top_screen_key(struct cli_top_screen *screen)
{
	(void)screen;
	int key = getch();
	switch (key) {
	case ERR: return 0;
	case KEY_UP: return CLI_TOP_KEY_UP;
	case KEY_DOWN: return CLI_TOP_KEY_DOWN;
	case KEY_LEFT: return CLI_TOP_KEY_LEFT;
	case KEY_RIGHT: return CLI_TOP_KEY_RIGHT;
	case KEY_PPAGE: return CLI_TOP_KEY_PAGE_UP;
	case KEY_NPAGE: return CLI_TOP_KEY_PAGE_DOWN;
	case KEY_HOME: return CLI_TOP_KEY_HOME;
	case KEY_END: return CLI_TOP_KEY_END;
	case KEY_ENTER:
	case '\n':
	case '\r': return CLI_TOP_KEY_ENTER;
	case KEY_BACKSPACE:
	case CTRL_H:
	case DELETE: return CLI_TOP_KEY_BACK;
	case KEY_BTAB: return CLI_TOP_KEY_BACK_TAB;
	case KEY_RESIZE: return CLI_TOP_KEY_RESIZE;
	case '\t': return CLI_TOP_KEY_TAB;
	case ESCAPE: return CLI_TOP_KEY_ESCAPE;
	case CTRL_L: return CLI_TOP_KEY_REDRAW;
	default: return key > 0 && key < 0x100 ? key : CLI_TOP_KEY_OTHER;
	}
}
