/* quoting.h - JSON strings of bytes that may be anything. Internal to export/otlp. */
#ifndef EXPORT_OTLP_QUOTING_H
#define EXPORT_OTLP_QUOTING_H

#include "export/text/out.h"

struct export__quoting {
	struct export_out scratch; /* never written */
};

enum { EXPORT__QUOTED_MAX = 8192 /* bytes; what is longer is cut */ };

/* 0 or -ENOMEM. */
int export__quoting_init(struct export__quoting *quoting);
void export__quoting_fini(struct export__quoting *quoting);

/* The bytes as a JSON string without its quotes, which is valid UTF-8. Valid until the next call. */
struct wire_slice export__quoted(struct export__quoting *quoting, struct wire_slice bytes);

#endif
