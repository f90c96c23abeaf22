/* perfetto.h - the format perfetto: a trace of TrackEvents, as ui.perfetto.dev and its trace processor read them.
 *
 * docs/exporting.md says what is to be seen in it. */
#ifndef EXPORT_PERFETTO_PERFETTO_H
#define EXPORT_PERFETTO_PERFETTO_H

#include "export/format.h"

/* 0 with *writer, to be closed by the caller; or -ENOMEM with *fault. Borrows out. */
int export_perfetto_open(struct export_writer **writer, struct export_out *out, struct wire_fault *fault);

#endif
