/* latency_text.h - latencies for people: tables of 80 columns. */
#ifndef CLI_OUTPUT_LATENCY_TEXT_H
#define CLI_OUTPUT_LATENCY_TEXT_H

#include "cli/output/latency_order.h"
#include "export/text/out.h"

/* 0 or -ENOMEM. */
int cli_latency_text(struct export_out *out, const struct cli_latency_view *view);

#endif
