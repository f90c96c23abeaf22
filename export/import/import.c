#include "export/import/import.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

#include "export/import/csv_row.h"
#include "export/import/dump_folder.h"
#include "export/import/object.h"
#include "export/import/text_file.h"
#include "export/text/sizes.h"
#include "store/read/clients.h"
#include "store/read/steps.h"
#include "trace/names.h"
#include "wire/conn.h"
#include "wire/mark.h"

enum {
	LOOK_BYTES_MAX = 1 << 20, /* of a file, to see what it is */
	NAMES_MAX = 1 << 20,      /* publishers that have no connection number */
	MIXED_LOG =
	    WIRE_CONN_INPUTS_MAX, /* whose numbers such publishers get in a file that has others, too */
	LOG_CONN_BITS = 32,       /* of a connection number; above them is the log */
};

struct export_import {
	struct wire_source base;
	struct export_import_options options;
	enum export_import_kind kind;
	struct export__dump_folder folder; /* EXPORT_IMPORT_FOLDER */
	struct export__text_file file;     /* that is read */
	bool is_live;                      /* a pipe */
	int64_t last_ns;                   /* time of the last event; at first that of the file */
	struct export__csv_columns columns;
	bool has_columns;
	struct export__made_event made;
	struct wire_json json;
	struct store_clients clients;
	struct trace_names names; /* of publishers without connection numbers: connection i + 1 */
	struct store_steps steps;
	bool has_own; /* events that tapedeck wrote */
	uint64_t events;
};

/* ---- what a file is ---- */

/* A first row that names a column "subject". It holds no NUL, which is in no text, and no CR, which would be a line end of others. */
static bool names_subject(struct wire_slice row)
{
	struct export__csv_columns columns = {0};
	struct wire_fault fault;

	if (row.len > 0 && row.data[row.len - 1] == '\r')
		row.len--;
	if (row.len == 0 || memchr(row.data, '\0', row.len) || memchr(row.data, '\r', row.len))
		return false;
	int error = export__csv_columns_read(&columns, row, &fault);
	export__csv_columns_fini(&columns);
	return error == 0;
}

/* By the first byte that is not blank, and when that is no brace by the first line. False: more bytes are needed, unless
 * these are all. */
static bool kind_of_bytes(struct wire_slice bytes, bool are_all, enum export_import_kind *kind)
{
	size_t at = 0;

	while (at < bytes.len && memchr(" \t\r\n", bytes.data[at], 4))
		at++;
	if (at == bytes.len)
		return false;
	if (bytes.data[at] == '{') {
		*kind = EXPORT_IMPORT_JSON;
		return true;
	}
	const char *end = memchr(bytes.data + at, '\n', bytes.len - at);
	const size_t len = end ? (size_t)(end - bytes.data) : bytes.len;
	if ((end || are_all) && names_subject(wire_slice(bytes.data + at, len - at)))
		*kind = EXPORT_IMPORT_CSV;
	return end || memchr(bytes.data + at, '\0', len - at);
}

/* Read no further than it takes to say what a file is: the rest may come much later. */
static int look(struct export__text_file *file, enum export_import_kind *kind, struct wire_fault *fault)
{
	struct wire_slice bytes = {0};
	bool is_known = false, are_all = false;
	int error = 0;

	*kind = EXPORT_IMPORT_NONE;
	while (!error && !is_known && !are_all) {
		error = export__text_file_peek(file, bytes.len + 1, &bytes, fault);
		are_all = file->is_at_end || bytes.len >= LOOK_BYTES_MAX;
		is_known = error || kind_of_bytes(bytes, are_all, kind);
	}
	return error;
}

enum export_import_kind export_import_kind_of(const char *path)
{
	enum export_import_kind kind = EXPORT_IMPORT_NONE;
	struct export__text_file file;
	struct wire_fault fault;
	struct stat found;

	if (strcmp(path, "-") == 0 || stat(path, &found) != 0)
		return EXPORT_IMPORT_NONE;
	if (S_ISDIR(found.st_mode))
		return export__dump_folder_is(path) ? EXPORT_IMPORT_FOLDER : EXPORT_IMPORT_NONE;
	if (!S_ISREG(found.st_mode))
		return EXPORT_IMPORT_NONE;
	int error = export__text_file_init(&file, path, NULL, &fault);
	if (!error)
		error = look(&file, &kind, &fault);
	export__text_file_fini(&file);
	return error ? EXPORT_IMPORT_NONE : kind;
}

/* ---- files ---- */

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

/* Open a file, whose events have the time when it was written unless they say another. */
static int open_file(struct export_import *import, const char *path, struct wire_fault *fault)
{
	struct stat found;
	int error = export__text_file_init(&import->file, path, import->options.progress, fault);

	if (error)
		return error;
	import->is_live = fstat(import->file.fd, &found) != 0 || !S_ISREG(found.st_mode);
	const int64_t written_ns =
	    import->is_live ? 0 : found.st_mtim.tv_sec * INT64_C(1000000000) + found.st_mtim.tv_nsec;
	if (import->events == 0 || import->kind == EXPORT_IMPORT_FOLDER)
		import->last_ns = written_ns > import->last_ns ? written_ns : import->last_ns;
	return 0;
}

/* The next file of a folder. 1, 0 when there is none, or a negative code with *fault. */
static int next_file(struct export_import *import, struct wire_fault *fault)
{
	const char *path =
	    import->kind == EXPORT_IMPORT_FOLDER ? export__dump_folder_next(&import->folder) : NULL;

	if (!path)
		return 0;
	export__text_file_fini(&import->file);
	int error = open_file(import, path, fault);
	return error ? error : 1;
}

/* ---- events ---- */

static int fail_at(const struct export_import *import, struct wire_fault *fault, int code)
{
	const struct wire_fault what = *fault;

	return export__text_file_fault(&import->file, fault, code, "%s", what.text);
}

/* A connection of log `own`, from 0, by a number that is its own among all logs of the file. */
static uint64_t flat(uint64_t conn, uint32_t own)
{
	return wire_conn_number(conn) + ((uint64_t)wire_conn_input(conn, own) << LOG_CONN_BITS);
}

/* A client that no connect event described: by its name or address. */
static void describe(struct export_import *import, uint64_t conn, struct wire_slice name)
{
	const bool is_address = name.len > 0 && memchr(name.data, ':', name.len) &&
				name.data[name.len - 1] >= '0' && name.data[name.len - 1] <= '9';
	const struct wire_client client = {.address = is_address ? name : wire_slice(NULL, 0),
					   .name = is_address ? wire_slice(NULL, 0) : name};

	if (conn > 0 && name.len > 0 && !store_clients_find(&import->clients, conn))
		store_clients_put(&import->clients, conn, &client);
}

/* A publisher that is known by its name alone, or by a number of another tool, gets a connection number. */
static uint64_t conn_of_name(struct export_import *import, struct wire_slice name)
{
	const uint32_t number = trace_names_number(&import->names, name, NAMES_MAX);
	const uint64_t above = import->has_own ? (uint64_t)MIXED_LOG << LOG_CONN_BITS : 0;

	return number == TRACE_NO_NAME ? 0 : above + number + 1;
}

static uint64_t conn_of_foreign(struct export_import *import)
{
	char number[32];
	const struct export__made_event *made = &import->made;

	if (made->client_name.len > 0)
		return conn_of_name(import, made->client_name);
	if (made->event.conn == 0)
		return 0;
	snprintf(number, sizeof(number), "#%" PRIu64, made->event.conn);
	return conn_of_name(import, wire_slice_str(number));
}

static void number_connections(struct export_import *import)
{
	struct export__made_event *made = &import->made;
	struct wire_event *event = &made->event;
	const uint32_t own = made->log > 0 ? (uint32_t)made->log - 1 : 0;

	import->has_own = import->has_own || !made->is_foreign;
	if (made->is_foreign)
		event->conn = conn_of_foreign(import);
	else if (event->conn > 0)
		event->conn = flat(event->conn, own);
	if (event->kind == WIRE_EVENT_CONNECT && event->conn > 0)
		store_clients_put(&import->clients, event->conn, &made->client);
	describe(import, event->conn, made->client_name);
	for (uint32_t i = 0; i < event->receivers_len; i++) {
		made->receivers[i].conn = flat(made->receivers[i].conn, own);
		describe(import, made->receivers[i].conn, made->names[i]);
	}
}

/* a - b. Saturates. */
static int64_t minus(int64_t a, int64_t b)
{
	int64_t result;

	if (__builtin_sub_overflow(a, b, &result))
		return b > 0 ? INT64_MIN : INT64_MAX;
	return result;
}

/* Set both times. Events that tapedeck logged may follow a step of its clock, which is kept; others must be sorted. */
static int set_time(struct export_import *import, struct wire_fault *fault)
{
	struct wire_event *event = &import->made.event;
	int64_t by_ns;
	char span[EXPORT_SIZE_TEXT];

	if (!import->made.has_time)
		event->time_ns = import->is_live ? now_ns() : import->last_ns;
	const int64_t back_ns = minus(import->last_ns, event->time_ns);
	if (import->made.is_foreign && import->events > 0 && back_ns > STORE_STEP_NS) {
		wire_fault_set(fault, WIRE_EARGUMENT,
			       "%s earlier than the line before: sort the file by time first",
			       export_span_text(span, back_ns));
		return fail_at(import, fault, WIRE_EARGUMENT);
	}
	import->last_ns = event->time_ns;
	int error = event->kind == WIRE_EVENT_MARK && wire_mark_is_step(event->text, &by_ns)
			? store_steps_mark(&import->steps, import->events + 1, event->time_ns, by_ns)
			: store_steps_see(&import->steps, import->events + 1, event->time_ns);
	event->steady_ns = store_steps_steady(&import->steps, import->events + 1, event->time_ns);
	return error ? wire_fault_set(fault, error, "out of memory") : 0;
}

/* The names of the columns, in the first row. */
static int read_columns(struct export_import *import, struct wire_fault *fault)
{
	struct wire_slice row;
	int status = export__text_file_next(&import->file, EXPORT__ROWS, &row, fault);

	import->has_columns = true;
	if (status <= 0)
		return status;
	status = export__csv_columns_read(&import->columns, row, fault);
	return status < 0 ? fail_at(import, fault, status) : 0;
}

/* The next record, of the next file when this one has ended. As export__text_file_next. */
static int next_record(struct export_import *import, struct wire_slice *record, struct wire_fault *fault)
{
	const enum export__record_end end = import->kind == EXPORT_IMPORT_CSV ? EXPORT__ROWS : EXPORT__LINES;
	int status = export__text_file_next(&import->file, end, record, fault);

	while (status == 0 && (status = next_file(import, fault)) > 0)
		status = export__text_file_next(&import->file, end, record, fault);
	return status;
}

/* Make the next record an event. 1; 0 at the end; or a negative code with *fault. */
static int read_event(struct export_import *import, struct wire_fault *fault)
{
	const bool is_csv = import->kind == EXPORT_IMPORT_CSV;
	bool is_event = false;
	int status = is_csv && !import->has_columns ? read_columns(import, fault) : 0;

	if (status < 0)
		return status;
	while (status >= 0 && !is_event) {
		struct wire_slice record;

		status = next_record(import, &record, fault);
		if (status <= 0)
			return status;
		status = is_csv ? export__csv_row_read(&import->columns, &import->made, record, fault)
				: export__object_read(&import->made, &import->json, record, fault);
		is_event = !is_csv || status > 0;
	}
	return status < 0 ? fail_at(import, fault, status) : 1;
}

/* ---- the source ---- */

/* A gap of that time passes, since it may hide an event that would. */
static bool passes(const struct store_filter *filter, const struct wire_event *event,
		   struct wire_source *source)
{
	if (!filter || event->kind != WIRE_EVENT_GAP)
		return !filter || store_filter_event(filter, event, source);
	const bool has_span = event->from_ns != 0 || event->to_ns != 0;
	return store_filter_passes_kind(filter, WIRE_EVENT_GAP) &&
	       store_filter_times(filter, has_span ? event->from_ns : event->time_ns,
				  has_span ? event->to_ns : event->time_ns);
}

static int next(struct wire_source *source, struct wire_event *event, struct wire_fault *fault)
{
	struct export_import *import = (struct export_import *)source;
	int status;

	while ((status = read_event(import, fault)) > 0) {
		number_connections(import);
		status = set_time(import, fault);
		if (status < 0)
			return status;
		import->events++;
		*event = import->made.event;
		if (event->seq == 0)
			event->seq = import->events;
		if (passes(import->options.filter, event, source))
			return 1;
	}
	return status;
}

static const struct wire_client *client(struct wire_source *source, uint64_t conn)
{
	return store_clients_find(&((struct export_import *)source)->clients, conn);
}

static void damage(struct wire_source *source, struct wire_damage *found)
{
	(void)source;
	*found = (struct wire_damage){0};
}

static void steps(struct wire_source *source, struct wire_steps *found)
{
	struct export_import *import = (struct export_import *)source;

	store_steps_between(&import->steps, 0, import->events, found);
}

static void close_source(struct wire_source *source)
{
	struct export_import *import = (struct export_import *)source;

	export__text_file_fini(&import->file);
	export__dump_folder_fini(&import->folder);
	export__csv_columns_fini(&import->columns);
	export__made_fini(&import->made);
	store_clients_fini(&import->clients);
	trace_names_fini(&import->names);
	store_steps_fini(&import->steps);
	free(import);
}

static int find_kind(struct export_import *import, struct wire_fault *fault)
{
	int error = look(&import->file, &import->kind, fault);

	if (error || import->kind != EXPORT_IMPORT_NONE || import->file.is_stopped || import->file.len == 0)
		return error;
	return wire_fault_set(fault, WIRE_EARGUMENT,
			      "%s: neither JSON lines nor comma-separated values with a column \"subject\" "
			      "(values are separated by commas, lines end with LF)",
			      strcmp(import->options.path, "-") == 0 ? "standard input"
								     : import->options.path);
}

static int open_input(struct export_import *import, struct wire_fault *fault)
{
	const char *path = import->options.path;
	struct stat found;

	import->file.fd = -1;
	if (stat(path, &found) == 0 && S_ISDIR(found.st_mode)) {
		import->kind = EXPORT_IMPORT_FOLDER;
		int error = export__dump_folder_init(&import->folder, path, fault);
		import->file.is_at_end = true;
		return error;
	}
	int error = open_file(import, path, fault);
	return error ? error : find_kind(import, fault);
}

int export_import_open(struct export_import **import, const struct export_import_options *options,
		       struct wire_fault *fault)
{
	struct export_import *opened = calloc(1, sizeof(*opened));

	if (!opened)
		return wire_fault_set(fault, -ENOMEM, "out of memory");
	opened->options = *options;
	opened->base = (struct wire_source){
	    .next = next, .client = client, .damage = damage, .close = close_source, .steps = steps};
	int error = open_input(opened, fault);
	if (error) {
		close_source(&opened->base);
		return error;
	}
	*import = opened;
	return 0;
}

struct wire_source *export_import_source(struct export_import *import)
{
	return &import->base;
}
