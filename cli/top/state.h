/* state.h - what the user of `top` looks at, and how keys change it.
 *
 * Pure: keys come as numbers, whatever reads them, and what must be done besides is returned as a wish. */
#ifndef CLI_TOP_STATE_H
#define CLI_TOP_STATE_H

#include "cli/top/source.h"

/* Keys that are no characters. */
enum cli_top_key {
	CLI_TOP_KEY_UP = 0x110000,
	CLI_TOP_KEY_DOWN,
	CLI_TOP_KEY_LEFT,
	CLI_TOP_KEY_RIGHT,
	CLI_TOP_KEY_PAGE_UP,
	CLI_TOP_KEY_PAGE_DOWN,
	CLI_TOP_KEY_HOME,
	CLI_TOP_KEY_END,
	CLI_TOP_KEY_ENTER,
	CLI_TOP_KEY_BACK, /* backspace */
	CLI_TOP_KEY_ESCAPE,
	CLI_TOP_KEY_TAB,
	CLI_TOP_KEY_BACK_TAB,
	CLI_TOP_KEY_RESIZE,
	CLI_TOP_KEY_REDRAW, /* Ctrl-L */
	CLI_TOP_KEY_OTHER,
};

enum cli_top_level { CLI_TOP_LEVEL_TABLE, CLI_TOP_LEVEL_LIST, CLI_TOP_LEVEL_TEXT, CLI_TOP_LEVEL_HELP };

/* The action that a key asks for. */
enum cli_top_wish {
	CLI_TOP_NOTHING,
	CLI_TOP_DRAW,
	CLI_TOP_OPEN_LIST, /* of the selected row */
	CLI_TOP_OPEN_TEXT, /* of the selected line */
	CLI_TOP_CLOSE_LIST,
	CLI_TOP_RESIZED,
	CLI_TOP_TOGGLE_FOLD,
	CLI_TOP_QUIT,
};

/* Where a list of any kind is scrolled to. */
struct cli_top_scroll {
	size_t first, selected;
};

struct cli_top_view_state {
	size_t sort; /* column */
	bool reversed;
	uint64_t id; /* of the selected row */
	struct cli_top_scroll scroll;
};

struct cli_top_state {
	const struct cli_top_view *const *views; /* borrowed */
	size_t views_len;
	size_t view;
	struct cli_top_view_state of_view[CLI_TOP_VIEWS_MAX];
	enum cli_top_level level, level_below_help;
	struct cli_top_scroll list, text;
	const char *behind; /* what the list holds; borrowed */
	bool has_texts;     /* there is more about a line of the list */
	bool follows;       /* the list stays at its end */
	bool is_paused;
	bool is_typing; /* the filter */
	char filter[CLI_TOP_FILTER_BYTES], typed[CLI_TOP_FILTER_BYTES];
	int every_ms;
	size_t page; /* rows of the table that fit the screen, set by who draws */
	char list_title[CLI_TOP_TITLE_BYTES];
	char notice[CLI_TOP_TITLE_BYTES]; /* shown until the next key */
};

void cli_top_state_init(struct cli_top_state *state, const struct cli_top_view *const *views,
			size_t views_len, int every_ms);

/* Obey a key: a character, or an enum cli_top_key. rows: the table's, after filter; lines: of the list or the text. */
enum cli_top_wish cli_top_state_key(struct cli_top_state *state, int key, size_t rows, size_t lines);

/* Bring selection and scroll position into a list of `len` lines of which `page` are shown. */
void cli_top_scroll_clamp(struct cli_top_scroll *scroll, size_t len, size_t page);

/* Note which row of the table is selected, after a key. Nothing when it is the table of another view. */
void cli_top_state_note(struct cli_top_state *state, const struct cli_top_table *table);

/* The table has changed: find the selected row again, or else the one in its place. */
void cli_top_state_reselect(struct cli_top_state *state, const struct cli_top_table *table);

#endif
