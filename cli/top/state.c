#include "cli/top/state.h"

#include <stdio.h>

#include "export/text/utf8.h"

enum { EVERY_MIN_MS = 100, EVERY_MAX_MS = 60000 };

void cli_top_state_init(struct cli_top_state *state, const struct cli_top_view *const *views,
			size_t views_len, int every_ms)
{
	*state = (struct cli_top_state){
	    .views = views, .views_len = views_len, .every_ms = every_ms, .page = 1, .follows = true};
	for (size_t i = 0; i < views_len; i++)
		state->of_view[i].sort = views[i]->sort;
}

/* ---- scrolling ---- */

void cli_top_scroll_clamp(struct cli_top_scroll *scroll, size_t len, size_t page)
{
	if (scroll->selected >= len)
		scroll->selected = len > 0 ? len - 1 : 0;
	if (scroll->first > scroll->selected)
		scroll->first = scroll->selected;
	if (scroll->selected >= scroll->first + page)
		scroll->first = scroll->selected - page + 1;
	if (scroll->first + page > len)
		scroll->first = len > page ? len - page : 0;
}

/* Move the selection. False when the key does not. */
static bool move(struct cli_top_scroll *scroll, int key, size_t len, size_t page)
{
	size_t at = scroll->selected;
	switch (key) {
	case 'k':
	case CLI_TOP_KEY_UP: at -= at > 0; break;
	case 'j':
	case CLI_TOP_KEY_DOWN: at++; break;
	case CLI_TOP_KEY_PAGE_UP: at = at > page ? at - page : 0; break;
	case CLI_TOP_KEY_PAGE_DOWN: at += page; break;
	case 'g':
	case CLI_TOP_KEY_HOME: at = 0; break;
	case 'G':
	case CLI_TOP_KEY_END: at = len; break;
	default: return false;
	}
	scroll->selected = at;
	cli_top_scroll_clamp(scroll, len, page);
	return true;
}

/* Move the text itself: the line on top is the selected one. */
static bool move_text(struct cli_top_scroll *scroll, int key, size_t len, size_t page)
{
	size_t last = len > page ? len - page : 0;
	if (!move(scroll, key, last + 1, 1))
		return false;
	scroll->first = scroll->selected;
	return true;
}

void cli_top_state_note(struct cli_top_state *state, const struct cli_top_table *table)
{
	struct cli_top_view_state *of = &state->of_view[state->view];
	if (table->view == state->views[state->view] && of->scroll.selected < table->len)
		of->id = table->rows[of->scroll.selected].id;
}

void cli_top_state_reselect(struct cli_top_state *state, const struct cli_top_table *table)
{
	struct cli_top_view_state *of = &state->of_view[state->view];
	size_t at = cli_top_table_find(table, of->id);
	/* The top row stays the top row until another one is chosen. */
	if (at != SIZE_MAX && of->scroll.selected != 0)
		of->scroll.selected = at;
	cli_top_scroll_clamp(&of->scroll, table->len, state->page);
	if (table->len > 0)
		of->id = table->rows[of->scroll.selected].id;
}

/* ---- the filter ---- */

static void erase_character(char *text)
{
	size_t len = strlen(text);
	while (len > 0 && ((unsigned char)text[len - 1] & 0xc0) == 0x80)
		len--;
	text[len > 0 ? len - 1 : 0] = '\0';
}

static void append_character(char *text, size_t size, int key)
{
	size_t len = strlen(text);
	if (key < ' ' || key == 0x7f || key >= 0x80 || len + 2 > size)
		return;
	text[len] = (char)key;
	text[len + 1] = '\0';
}

/* A key while the filter is typed; it applies at once, and Escape brings the one before back. */
static enum cli_top_wish type(struct cli_top_state *state, int key)
{
	switch (key) {
	case CLI_TOP_KEY_ENTER: state->is_typing = false; break;
	case CLI_TOP_KEY_ESCAPE:
		state->is_typing = false;
		memcpy(state->filter, state->typed, sizeof(state->filter));
		break;
	case CLI_TOP_KEY_BACK: erase_character(state->filter); break;
	case 'U' - '@': state->filter[0] = '\0'; break;
	default: append_character(state->filter, sizeof(state->filter), key); break;
	}
	return CLI_TOP_DRAW;
}

static void begin_typing(struct cli_top_state *state)
{
	memcpy(state->typed, state->filter, sizeof(state->typed));
	state->filter[0] = '\0';
	state->is_typing = true;
}

/* ---- the table ---- */

static void change_view(struct cli_top_state *state, size_t view)
{
	if (view < state->views_len)
		state->view = view;
}

/* Sort by the next column to the left or right that there is. */
static void change_sort(struct cli_top_state *state, bool right)
{
	struct cli_top_view_state *of = &state->of_view[state->view];
	size_t len = state->views[state->view]->columns_len;
	of->sort = (of->sort + (right ? 1 : len - 1)) % len;
	of->scroll = (struct cli_top_scroll){0};
}

static void change_interval(struct cli_top_state *state, bool longer)
{
	int ms = longer ? state->every_ms * 2 : state->every_ms / 2;
	state->every_ms = ms < EVERY_MIN_MS ? EVERY_MIN_MS : ms > EVERY_MAX_MS ? EVERY_MAX_MS : ms;
	snprintf(state->notice, sizeof(state->notice), "a new table every %g s", state->every_ms / 1e3);
}

static enum cli_top_wish table_key(struct cli_top_state *state, int key, size_t rows)
{
	struct cli_top_view_state *of = &state->of_view[state->view];
	size_t len = state->views_len;
	switch (key) {
	case CLI_TOP_KEY_ENTER: return rows > 0 ? CLI_TOP_OPEN_LIST : CLI_TOP_NOTHING;
	case CLI_TOP_KEY_ESCAPE: state->filter[0] = '\0'; return CLI_TOP_DRAW;
	case CLI_TOP_KEY_TAB:
	case CLI_TOP_KEY_RIGHT: change_view(state, (state->view + 1) % len); return CLI_TOP_DRAW;
	case CLI_TOP_KEY_BACK_TAB:
	case CLI_TOP_KEY_LEFT: change_view(state, (state->view + len - 1) % len); return CLI_TOP_DRAW;
	case '/': begin_typing(state); return CLI_TOP_DRAW;
	case '<': change_sort(state, false); return CLI_TOP_DRAW;
	case '>': change_sort(state, true); return CLI_TOP_DRAW;
	case 'f': return CLI_TOP_TOGGLE_FOLD;
	case 'r': of->reversed = !of->reversed; return CLI_TOP_DRAW;
	default: break;
	}
	if (key >= '1' && key <= '9') {
		change_view(state, (size_t)(key - '1'));
		return CLI_TOP_DRAW;
	}
	return move(&of->scroll, key, rows, state->page) ? CLI_TOP_DRAW : CLI_TOP_NOTHING;
}

/* ---- list and text ---- */

static enum cli_top_wish list_key(struct cli_top_state *state, int key, size_t lines)
{
	switch (key) {
	case CLI_TOP_KEY_ENTER: return lines > 0 ? CLI_TOP_OPEN_TEXT : CLI_TOP_NOTHING;
	case CLI_TOP_KEY_ESCAPE:
	case CLI_TOP_KEY_LEFT:
	case CLI_TOP_KEY_BACK: state->level = CLI_TOP_LEVEL_TABLE; return CLI_TOP_CLOSE_LIST;
	default: break;
	}
	if (!move(&state->list, key, lines, state->page))
		return CLI_TOP_NOTHING;
	state->follows = state->list.selected + 1 >= lines;
	return CLI_TOP_DRAW;
}

static enum cli_top_wish text_key(struct cli_top_state *state, int key, size_t lines)
{
	switch (key) {
	case CLI_TOP_KEY_ENTER:
	case CLI_TOP_KEY_ESCAPE:
	case CLI_TOP_KEY_LEFT:
	case CLI_TOP_KEY_BACK: state->level = CLI_TOP_LEVEL_LIST; return CLI_TOP_DRAW;
	default: return move_text(&state->text, key, lines, state->page) ? CLI_TOP_DRAW : CLI_TOP_NOTHING;
	}
}

/* ---- all levels ---- */

static void show_help(struct cli_top_state *state)
{
	state->level_below_help = state->level;
	state->level = CLI_TOP_LEVEL_HELP;
	state->text = (struct cli_top_scroll){0};
}

static enum cli_top_wish any_key(struct cli_top_state *state, int key)
{
	switch (key) {
	case 'q': return CLI_TOP_QUIT;
	case '?':
	case 'h': show_help(state); return CLI_TOP_DRAW;
	case ' ': state->is_paused = !state->is_paused; return CLI_TOP_DRAW;
	case '+': change_interval(state, true); return CLI_TOP_DRAW;
	case '-': change_interval(state, false); return CLI_TOP_DRAW;
	default: return CLI_TOP_NOTHING;
	}
}

enum cli_top_wish cli_top_state_key(struct cli_top_state *state, int key, size_t rows, size_t lines)
{
	enum cli_top_wish wish = CLI_TOP_NOTHING;
	if (key == CLI_TOP_KEY_RESIZE)
		return CLI_TOP_RESIZED;
	state->notice[0] = '\0';
	if (key == CLI_TOP_KEY_REDRAW)
		return CLI_TOP_RESIZED;
	if (state->is_typing)
		return type(state, key);
	if (state->level == CLI_TOP_LEVEL_HELP) {
		state->level = state->level_below_help;
		return key == 'q' ? CLI_TOP_QUIT : CLI_TOP_DRAW;
	}
	switch (state->level) {
	case CLI_TOP_LEVEL_TABLE: wish = table_key(state, key, rows); break;
	case CLI_TOP_LEVEL_LIST: wish = list_key(state, key, lines); break;
	case CLI_TOP_LEVEL_TEXT: wish = text_key(state, key, lines); break;
	case CLI_TOP_LEVEL_HELP: break;
	}
	return wish == CLI_TOP_NOTHING ? any_key(state, key) : wish;
}
