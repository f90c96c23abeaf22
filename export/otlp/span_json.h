/* span_json.h - a span as the JSON object Span of OTLP. Internal to export/otlp.
 *
 * Names and values of attributes: OpenTelemetry semantic conventions 1.44, "Messaging spans". */
#ifndef EXPORT_OTLP_SPAN_JSON_H
#define EXPORT_OTLP_SPAN_JSON_H

#include "export/otlp/fragments.h"
#include "export/spans/span.h"

/* Hot: once for every span. */
void export__span_json(struct export_buffer *text, struct export__fragments *fragments,
		       const struct trace_clients *clients, const struct export_span *span);

#endif
