#include "cli/output/text_layout.h"

enum {
	PIPED_WHO = 22,
	PIPED_SUBJECT = 20,
	PIPED_MOST = 48, /* enough to keep most lines aligned */
	NARROW = 110,    /* below */
	WHO_PERCENT = 27,
	SUBJECT_PERCENT = 22,
	WHO_MOST = 40, /* both clients of most messages */
	SUBJECT_MOST = 48,
};

static size_t smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

void cli_text_layout_init(struct cli_text_layout *layout, size_t columns)
{
	const size_t who = smaller(columns * WHO_PERCENT / 100, WHO_MOST);
	const size_t subject = smaller(columns * SUBJECT_PERCENT / 100, SUBJECT_MOST);

	*layout = (struct cli_text_layout){.who = PIPED_WHO,
					   .who_most = PIPED_MOST,
					   .subject = PIPED_SUBJECT,
					   .subject_most = PIPED_MOST,
					   .between = 2};
	if (columns == 0)
		return;
	const bool is_narrow = columns < NARROW;
	*layout = (struct cli_text_layout){.is_terminal = true,
					   .is_narrow = is_narrow,
					   .who = who,
					   .who_most = who,
					   .subject = subject,
					   .subject_most = subject,
					   .between = is_narrow ? 1 : 2,
					   .inbox_tail = is_narrow ? 4 : 8};
}
