/* color.h - colour on terminals, and only there. */
#ifndef CLI_OUTPUT_COLOR_H
#define CLI_OUTPUT_COLOR_H

#include "cli/options/options.h"
#include "export/text/out.h"

/* In the order of the words of --color. */
enum cli_color_choice { CLI_COLOR_AUTO, CLI_COLOR_ALWAYS, CLI_COLOR_NEVER };

enum cli_color {
	CLI_PLAIN,
	CLI_DIM,
	CLI_BOLD,
	CLI_RED,
	CLI_GREEN,
	CLI_YELLOW,
	CLI_CYAN,
	CLI_MAGENTA,
	CLI_ALARM, /* bold, reversed red */
	CLI_COLORS
};

/* --color; sets an int, an enum cli_color_choice. */
extern const struct cli_option cli_color_options[];

/* Colours are wanted on fd. Auto: when it is a terminal with colours, and NO_COLOR is not set
 * (no-color.org). */
bool cli_color_wanted(enum cli_color_choice choice, int fd);

/* Columns of the terminal that fd is; 0 when there is none. */
size_t cli_terminal_columns(int fd);

/* Switch to a colour; nothing when `on` is false. CLI_PLAIN ends the one before. */
void cli_color_put(struct export_out *out, bool on, enum cli_color color);

/* The bytes of the code at the start of the text that switches to a colour, which is in *color then; 0 when there is none. */
size_t cli_color_find(const char *text, size_t len, enum cli_color *color);

#endif
