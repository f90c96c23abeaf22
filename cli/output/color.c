#include "cli/output/color.h"

#include <assert.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

const struct cli_option cli_color_options[] = {
    {.name = "color",
     .kind = CLI_CHOICE,
     .argument = "auto|always|never",
     .help = "auto: on a terminal, unless NO_COLOR is set"},
    {.name = NULL},
};

bool cli_color_wanted(enum cli_color_choice choice, int fd)
{
	if (choice != CLI_COLOR_AUTO)
		return choice == CLI_COLOR_ALWAYS;
	const char *no_color = getenv("NO_COLOR");
	const char *term = getenv("TERM");

	if (no_color && no_color[0])
		return false;
	return isatty(fd) && term && strcmp(term, "dumb") != 0;
}

size_t cli_terminal_columns(int fd)
{
	struct winsize size;

	if (!isatty(fd))
		return 0;
	if (ioctl(fd, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
		return 80;
	return size.ws_col;
}

static const char *code_of(enum cli_color color)
{
	static const char *const codes[] = {
	    [CLI_PLAIN] = "\033[0m", [CLI_DIM] = "\033[2m",      [CLI_BOLD] = "\033[1m",
	    [CLI_RED] = "\033[31m",  [CLI_GREEN] = "\033[32m",   [CLI_YELLOW] = "\033[33m",
	    [CLI_CYAN] = "\033[36m", [CLI_MAGENTA] = "\033[35m", [CLI_ALARM] = "\033[1;7;31m",
	};
	static_assert(sizeof(codes) / sizeof(codes[0]) == CLI_COLORS, "a code for every colour");

	return codes[color];
}

void cli_color_put(struct export_out *out, bool on, enum cli_color color)
{
	if (on)
		export_out_text(out, code_of(color));
}

size_t cli_color_find(const char *text, size_t len, enum cli_color *color)
{
	for (int i = 0; i < CLI_COLORS; i++) {
		const char *code = code_of((enum cli_color)i);
		size_t bytes = strlen(code);

		if (bytes <= len && memcmp(text, code, bytes) == 0) {
			*color = (enum cli_color)i;
			return bytes;
		}
	}
	return 0;
}
