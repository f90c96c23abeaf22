#include "cli/output/screen.h"

void cli_screen_init(struct cli_screen *screen, bool no_pager, bool quiet, const struct cli_operands *logs)
{
	cli_progress_init(&screen->progress, quiet, logs);
	cli_pager_init(&screen->pager, no_pager);
}

static int begin_output(void *context)
{
	struct cli_screen *screen = context;

	cli_progress_yield(&screen->progress);
	return cli_pager_start(&screen->pager);
}

void cli_screen_attach(struct cli_screen *screen, struct export_out *out)
{
	out->begin = begin_output;
	out->context = screen;
}

void cli_screen_end(struct cli_screen *screen)
{
	cli_progress_end(&screen->progress);
	cli_pager_end(&screen->pager);
}
