/* who_text.h - print who is connected, or who is subscribed to a subject, for people. */
#ifndef CLI_OUTPUT_WHO_TEXT_H
#define CLI_OUTPUT_WHO_TEXT_H

#include "cli/output/row.h"
#include "cli/output/who_order.h"

/* 0 or -ENOMEM. */
int cli_who_text(struct cli_row *row, const struct cli_who *who);

#endif
