/* screen.h - the terminal, through ncurses: draws frames, reads keys.
 *
 * The only file that knows ncurses. The terminal is restored by close, and by ncurses while the process is stopped
 * (Ctrl-Z). */
#ifndef CLI_TOP_SCREEN_H
#define CLI_TOP_SCREEN_H

#include "cli/top/frame.h"

struct cli_top_screen;

/* Standard input and output are a terminal on which a screen can be drawn. */
bool cli_top_screen_is_possible(void);

/* Take over the terminal. NULL when it is of a kind that is not known. color: use colours where it has them. */
struct cli_top_screen *cli_top_screen_open(bool color);
/* Restore the terminal. NULL is ignored. */
void cli_top_screen_close(struct cli_top_screen *screen);

size_t cli_top_screen_rows(const struct cli_top_screen *screen);
size_t cli_top_screen_columns(const struct cli_top_screen *screen);

void cli_top_screen_draw(struct cli_top_screen *screen, const struct cli_top_frame *frame);

/* Draw everything again the next time, whatever other programs have written to the terminal. */
void cli_top_screen_redraw(struct cli_top_screen *screen);

/* The process was stopped and goes on (SIGCONT): the terminal is taken over again, and the next frame draws all of it. */
bool cli_top_screen_was_continued(struct cli_top_screen *screen);

/* The next key that was pressed: a character or an enum cli_top_key; 0: none. Does not wait. */
int cli_top_screen_key(struct cli_top_screen *screen);

#endif
