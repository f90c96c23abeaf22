#include "export/event/csv.h"

#include <errno.h>
#include <stdlib.h>

#include "export/event/csv_rows.h"

struct csv_writer {
	struct export_writer base;
	struct export_out *out;
	struct export_csv rows;
};

static int put(struct export_writer *writer, const struct wire_event *event, const struct export_input *input,
	       struct wire_fault *fault)
{
	struct csv_writer *csv = (struct csv_writer *)writer;

	(void)fault;
	export_csv_print(&csv->rows, csv->out, event, &input->clients);
	return 0;
}

/* A table without rows has its names. */
static int end(struct export_writer *writer, struct wire_fault *fault)
{
	struct csv_writer *csv = (struct csv_writer *)writer;

	(void)fault;
	export_csv_begin(&csv->rows, csv->out);
	return 0;
}

static void close_writer(struct export_writer *writer)
{
	struct csv_writer *csv = (struct csv_writer *)writer;

	export_csv_fini(&csv->rows);
	free(csv);
}

int export_csv_open(struct export_writer **writer, const struct export_csv_options *options,
		    struct export_out *out, struct wire_fault *fault)
{
	struct csv_writer *csv = calloc(1, sizeof(*csv));

	if (!csv)
		return wire_fault_set(fault, -ENOMEM, "out of memory");
	int error = export_csv_init(&csv->rows, options->columns ? options->columns : EXPORT_CSV_COLUMNS,
				    options->utc, fault);
	csv->out = out;
	csv->rows.ends_crlf = true;
	csv->rows.defuses_formulas = !options->keeps_formulas;
	csv->base = (struct export_writer){.put = put, .end = end, .close = close_writer};
	if (error)
		close_writer(&csv->base);
	else
		*writer = &csv->base;
	return error;
}
