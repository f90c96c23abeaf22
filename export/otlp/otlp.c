#include "export/otlp/otlp.h"

#include <errno.h>
#include <stdlib.h>

#include "export/otlp/batch.h"
#include "export/otlp/span_json.h"
#include "export/spans/spans.h"
#include "store/read/steps.h"

#define AGE_NS INT64_C(1000000000) /* a batch is written so long after its first span at the latest */

struct otlp {
	struct export_writer base;
	struct export_out *out;
	const struct export_otlp_sink *sink;
	struct export_spans *spans;
	struct export__fragments fragments;
	struct export__batch batch;
	struct export_buffer body; /* of a batch that is sent */
	int64_t first_seen_ns;     /* when idle first saw a batch that is not empty; 0: it has not */
	int error;                 /* of the first batch that could not be written… */
	struct wire_fault fault;   /* …with this */
};

/* ---- batches ---- */

static void write_out(void *out, const char *data, size_t len)
{
	export_out_bytes(out, data, len);
}

static void write_body(void *body, const char *data, size_t len)
{
	export_buffer_bytes(body, data, len);
}

static int send(struct otlp *otlp, uint64_t spans)
{
	if (otlp->body.is_failed)
		return wire_fault_set(&otlp->fault, -ENOMEM, "out of memory");
	return otlp->sink->take(otlp->sink->context, wire_slice(otlp->body.data, otlp->body.len), spans,
				&otlp->fault);
}

static void flush(struct otlp *otlp)
{
	struct export__batch *batch = &otlp->batch;
	const struct trace_clients *clients = export_spans_clients(otlp->spans);
	const uint64_t spans = batch->spans;

	otlp->first_seen_ns = 0;
	if (spans == 0 || otlp->error != 0)
		return;
	if (batch->is_failed) {
		otlp->error = wire_fault_set(&otlp->fault, -ENOMEM, "out of memory");
	} else if (otlp->sink) {
		otlp->body.len = 0;
		export__batch_write(batch, clients, &otlp->fragments.quoting, write_body, &otlp->body);
		otlp->error = send(otlp, spans);
	} else {
		export__batch_write(batch, clients, &otlp->fragments.quoting, write_out, otlp->out);
		export_out_char(otlp->out, '\n');
	}
}

/* As export_spans_emit. */
static void emit(void *context, const struct export_span *span)
{
	struct otlp *otlp = context;
	struct export_buffer *spans = export__batch_add(&otlp->batch, span->service);

	if (!spans) {
		flush(otlp);
		spans = export__batch_add(&otlp->batch, span->service);
	}
	if (!spans || otlp->error != 0)
		return;
	const size_t before = spans->len;

	export__span_json(spans, &otlp->fragments, export_spans_clients(otlp->spans), span);
	export__batch_added(&otlp->batch, spans, before);
	if (export__batch_is_full(&otlp->batch))
		flush(otlp);
}

/* ---- the writer ---- */

static int result(const struct otlp *otlp, struct wire_fault *fault)
{
	if (otlp->error != 0)
		*fault = otlp->fault;
	return otlp->error;
}

static int put(struct export_writer *writer, const struct wire_event *event, const struct export_input *input,
	       struct wire_fault *fault)
{
	struct otlp *otlp = (struct otlp *)writer;
	const int error = export_spans_put(otlp->spans, event, input, fault);

	return error ? error : result(otlp, fault);
}

static int idle(struct export_writer *writer, int64_t now_ns, struct wire_fault *fault)
{
	struct otlp *otlp = (struct otlp *)writer;

	export_spans_read_to(otlp->spans, now_ns);
	/* The clock may be set back. */
	if (otlp->batch.spans > 0 && (otlp->first_seen_ns == 0 || otlp->first_seen_ns > now_ns))
		otlp->first_seen_ns = now_ns;
	if (store_time_minus(now_ns, otlp->first_seen_ns) >= AGE_NS)
		flush(otlp);
	return result(otlp, fault);
}

static int end(struct export_writer *writer, struct wire_fault *fault)
{
	struct otlp *otlp = (struct otlp *)writer;

	export_spans_end(otlp->spans);
	flush(otlp);
	return result(otlp, fault);
}

static bool omission(const struct export_writer *writer, size_t index, struct export_omission *omitted)
{
	return export_spans_omission(((const struct otlp *)writer)->spans, index, omitted);
}

static void close_writer(struct export_writer *writer)
{
	struct otlp *otlp = (struct otlp *)writer;

	export__batch_fini(&otlp->batch);
	export_buffer_fini(&otlp->body);
	export__fragments_fini(&otlp->fragments);
	export_spans_close(otlp->spans);
	free(otlp);
}

int export_otlp_open(struct export_writer **writer, const struct export_otlp_options *options,
		     struct export_out *out, struct wire_fault *fault)
{
	struct otlp *otlp = calloc(1, sizeof(*otlp));

	if (!otlp)
		return wire_fault_set(fault, -ENOMEM, "out of memory");
	const struct export_spans_options spans = {.sample = options->sample,
						   .keeps_failures = options->keeps_failures,
						   .slow_ns = options->slow_ns,
						   .emit = emit,
						   .context = otlp};

	otlp->out = out;
	otlp->sink = options->sink;
	otlp->base = (struct export_writer){
	    .put = put, .idle = idle, .end = end, .omission = omission, .close = close_writer};
	if (export__fragments_init(&otlp->fragments) != 0 || export_spans_open(&otlp->spans, &spans) != 0) {
		close_writer(&otlp->base);
		return wire_fault_set(fault, -ENOMEM, "out of memory");
	}
	*writer = &otlp->base;
	return 0;
}
