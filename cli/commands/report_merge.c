#include "cli/commands/report_merge.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "trace/histogram.h"

typedef const struct cli_shard_report *reports_of;

/* ---- are these the shards of one replay? ---- */

static json_int_t number_in(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

static int check_report(const struct cli_shard_report *report, struct wire_fault *fault)
{
	static const char *const keys[] = {"sent", "end", "shard", "shards", "options", "messages"};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (!json_object_get(report->json, keys[i]))
			return wire_fault_set(fault, -EINVAL,
					      "%s: not the report of \"tapedeck replay --json\": \"%s\" is "
					      "missing",
					      report->path, keys[i]);
	return 0;
}

static int refuse_options(reports_of reports, size_t at, const char *key, struct wire_fault *fault)
{
	return wire_fault_set(fault, -EINVAL, "%s and %s were played with different options: \"%s\"",
			      reports[0].path, reports[at].path, key);
}

static int check_options(reports_of reports, size_t at, struct wire_fault *fault)
{
	const char *key;
	json_t *value, *first = json_object_get(reports[0].json, "options");
	json_t *options = json_object_get(reports[at].json, "options");

	json_object_foreach(options, key, value)
	{
		if (json_equal(value, json_object_get(first, key)))
			continue;
		return refuse_options(reports, at, key, fault);
	}
	json_object_foreach(first, key, value)
	{
		if (!json_object_get(options, key))
			return refuse_options(reports, at, key, fault);
	}
	return 0;
}

static int check_shard(reports_of reports, size_t at, struct wire_fault *fault)
{
	json_int_t shard = number_in(reports[at].json, "shard"),
		   shards = number_in(reports[0].json, "shards");

	if (number_in(reports[at].json, "shards") != shards)
		return wire_fault_set(
		    fault, -EINVAL, "%s is of %" JSON_INTEGER_FORMAT " shards, %s of %" JSON_INTEGER_FORMAT,
		    reports[0].path, shards, reports[at].path, number_in(reports[at].json, "shards"));
	for (size_t i = 0; i < at; i++)
		if (number_in(reports[i].json, "shard") == shard)
			return wire_fault_set(fault, -EINVAL,
					      "%s and %s are both of shard %" JSON_INTEGER_FORMAT,
					      reports[i].path, reports[at].path, shard);
	return 0;
}

static bool has_shard(reports_of reports, size_t count, json_int_t shard)
{
	for (size_t i = 0; i < count; i++)
		if (number_in(reports[i].json, "shard") == shard)
			return true;
	return false;
}

static int check_missing(reports_of reports, size_t count, struct wire_fault *fault)
{
	json_int_t shards = number_in(reports[0].json, "shards");

	for (json_int_t shard = 1; shard <= shards; shard++)
		if (!has_shard(reports, count, shard))
			return wire_fault_set(fault, -EINVAL,
					      "the report of shard %" JSON_INTEGER_FORMAT
					      " of %" JSON_INTEGER_FORMAT " is missing",
					      shard, shards);
	return 0;
}

static bool is_done(const json_t *report)
{
	const char *end = json_string_value(json_object_get(report, "end"));

	return end && strcmp(end, "done") == 0;
}

/* Each shard reads everything that was asked for. */
static int check_messages(reports_of reports, size_t at, struct wire_fault *fault)
{
	if (!is_done(reports[0].json) || !is_done(reports[at].json) ||
	    number_in(reports[0].json, "messages") == number_in(reports[at].json, "messages"))
		return 0;
	return wire_fault_set(fault, -EINVAL,
			      "%s and %s did not read the same log: %" JSON_INTEGER_FORMAT
			      " and %" JSON_INTEGER_FORMAT " messages",
			      reports[0].path, reports[at].path, number_in(reports[0].json, "messages"),
			      number_in(reports[at].json, "messages"));
}

static int check(reports_of reports, size_t count, struct wire_fault *fault)
{
	int error = 0;

	for (size_t i = 0; i < count && !error; i++)
		error = check_report(&reports[i], fault);
	for (size_t i = 0; i < count && !error; i++)
		error = check_shard(reports, i, fault);
	for (size_t i = 1; i < count && !error; i++)
		error = check_options(reports, i, fault);
	error = error ? error : check_missing(reports, count, fault);
	for (size_t i = 1; i < count && !error; i++)
		error = check_messages(reports, i, fault);
	return error;
}

/* ---- numbers ---- */

enum rule { SUM, MOST };

/* The values of a key of an object of each report. Missing ones count as 0. */
static json_t *combine(reports_of reports, size_t count, const char *object, const char *key, enum rule rule)
{
	double real = 0;
	json_int_t whole = 0;
	bool is_real = false;

	for (size_t i = 0; i < count; i++) {
		const json_t *from = object ? json_object_get(reports[i].json, object) : reports[i].json;
		const json_t *value = json_object_get(from, key);
		double number = json_number_value(value);
		is_real |= json_is_real(value);
		if (rule == SUM) {
			real += number;
			whole += json_integer_value(value);
		} else {
			real = number > real ? number : real;
			whole = json_integer_value(value) > whole ? json_integer_value(value) : whole;
		}
	}
	return is_real ? json_real(real) : json_integer(whole);
}

static void put(json_t *merged, reports_of reports, size_t count, const char *key, enum rule rule)
{
	json_object_set_new(merged, key, combine(reports, count, NULL, key, rule));
}

static void put_numbers(json_t *merged, reports_of reports, size_t count)
{
	static const char *const sums[] = {"sent",        "failed",     "late",   "bytes",
					   "disconnects", "reconnects", "errors", "asked_rate"};
	static const char *const most[] = {
	    "messages",     "seconds", "asked_seconds", "stretched_seconds", "paused_seconds",
	    "away_seconds", "gaps",    "gap_messages",  "damaged_events",    "deleted_events"};

	for (size_t i = 0; i < sizeof(sums) / sizeof(sums[0]); i++)
		put(merged, reports, count, sums[i], SUM);
	for (size_t i = 0; i < sizeof(most) / sizeof(most[0]); i++)
		put(merged, reports, count, most[i], MOST);
	double seconds = json_number_value(json_object_get(merged, "seconds"));
	json_int_t sent = number_in(merged, "sent");
	json_object_set_new(merged, "rate",
			    json_real(sent > 1 && seconds > 0 ? (double)(sent - 1) / seconds : 0));
}

/* Every shard leaves out the same messages, except those of other shards, and late ones. */
static enum rule skip_rule(const char *key)
{
	return strcmp(key, "late") == 0 ? SUM : MOST;
}

static void put_skipped(json_t *merged, reports_of reports, size_t count)
{
	json_t *value, *made = json_object();
	json_int_t total = 0;
	const char *key;

	json_object_foreach(json_object_get(reports[0].json, "skipped_by"), key, value)
	{
		json_t *number = strcmp(key, "other_shards") == 0
				     ? json_integer(0)
				     : combine(reports, count, "skipped_by", key, skip_rule(key));
		total += json_integer_value(number);
		json_object_set_new(made, key, number);
	}
	json_object_set_new(merged, "skipped_by", made);
	json_object_set_new(merged, "skipped", json_integer(total));
}

static void put_sums(json_t *merged, reports_of reports, size_t count, const char *object)
{
	json_t *value, *made = json_object();
	const char *key;

	json_object_foreach(json_object_get(reports[0].json, object), key, value)
	{
		if (json_is_number(value))
			json_object_set_new(made, key, combine(reports, count, object, key, SUM));
	}
	json_object_set_new(merged, object, made);
}

/* ---- histograms ---- */

static int add_buckets(struct trace_histogram *histogram, const json_t *buckets, const char *path,
		       struct wire_fault *fault)
{
	for (size_t i = 0; i < json_array_size(buckets); i++) {
		const json_t *bucket = json_array_get(buckets, i);
		json_int_t times = json_integer_value(json_array_get(bucket, 0));
		json_int_t longest = json_integer_value(json_array_get(bucket, 1));
		if (times <= 0 || longest < 0)
			return wire_fault_set(fault, -EINVAL, "%s: a histogram is not valid", path);
		if (trace_histogram_add_times(histogram, longest, (uint64_t)times) != 0)
			return wire_fault_set(fault, -ENOMEM, "out of memory");
	}
	return 0;
}

static json_t *list_buckets(const struct trace_histogram *histogram)
{
	json_t *list = json_array();
	int64_t longest;

	for (uint32_t i = 0; i < TRACE_HISTOGRAM_BUCKETS; i++) {
		uint64_t times = trace_histogram_bucket(histogram, i, &longest);
		if (times > 0)
			json_array_append_new(list,
					      json_pack("[I,I]", (json_int_t)times, (json_int_t)longest));
	}
	return list;
}

static double micros(const struct trace_histogram *histogram, double percent)
{
	return (double)trace_histogram_percentile(histogram, percent) / 1e3;
}

static json_t *percentiles(const struct trace_histogram *histogram)
{
	return json_pack("{sf sf sf sf sf}", "p50", micros(histogram, 50), "p90", micros(histogram, 90),
			 "p99", micros(histogram, 99), "p999", micros(histogram, 99.9), "max",
			 (double)histogram->max_ns / 1e3);
}

/* Merge the histograms at `from` of each report (or of its object), and put their percentiles at `key` and the buckets at `from`. */
static int put_histogram(json_t *into, reports_of reports, size_t count, const char *object, const char *key,
			 const char *from, struct wire_fault *fault)
{
	struct trace_histogram histogram = {0};
	bool is_there = false;
	int error = 0;

	for (size_t i = 0; i < count && !error; i++) {
		const json_t *place = object ? json_object_get(reports[i].json, object) : reports[i].json;
		const json_t *buckets = json_object_get(place, from);
		is_there |= buckets != NULL;
		error = add_buckets(&histogram, buckets, reports[i].path, fault);
	}
	if (!error && is_there) {
		json_object_set_new(into, key, percentiles(&histogram));
		json_object_set_new(into, from, list_buckets(&histogram));
	}
	trace_histogram_fini(&histogram);
	return error;
}

/* ---- requests ---- */

static void add_subject(json_t *subjects, const json_t *row)
{
	const char *key, *name = json_string_value(json_object_get(row, "subject"));
	json_t *value, *sum = name ? json_object_get(subjects, name) : NULL;

	if (!name)
		return;
	if (!sum) {
		json_object_set_new(subjects, name, json_deep_copy(row));
		return;
	}
	json_object_foreach((json_t *)(uintptr_t)row, key, value)
	{
		if (json_is_integer(value))
			json_object_set_new(sum, key,
					    json_integer(number_in(sum, key) + json_integer_value(value)));
	}
}

static void put_subjects(json_t *requests, reports_of reports, size_t count)
{
	json_t *value, *sums = json_object(), *list = json_array();
	const char *key;

	for (size_t i = 0; i < count; i++) {
		const json_t *rows =
		    json_object_get(json_object_get(reports[i].json, "requests"), "subjects");
		for (size_t row = 0; row < json_array_size(rows); row++)
			add_subject(sums, json_array_get(rows, row));
	}
	json_object_foreach(sums, key, value)
	{
		json_array_append(list, value);
	}
	if (json_array_size(list) > 0)
		json_object_set(requests, "subjects", list);
	json_decref(list);
	json_decref(sums);
}

static int put_requests(json_t *merged, reports_of reports, size_t count, struct wire_fault *fault)
{
	if (!json_object_get(reports[0].json, "requests"))
		return 0;
	put_sums(merged, reports, count, "requests");
	json_t *requests = json_object_get(merged, "requests");
	int error = put_histogram(requests, reports, count, "requests", "live_us", "live_buckets", fault);
	if (!error)
		error = put_histogram(requests, reports, count, "requests", "recorded_us", "recorded_buckets",
				      fault);
	put_subjects(requests, reports, count);
	return error;
}

/* ---- the whole ---- */

/* "done", or the end of the first shard that ended otherwise. */
static json_t *find_end(reports_of reports, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!is_done(reports[i].json))
			return json_object_get(reports[i].json, "end");
	return json_object_get(reports[0].json, "end");
}

static void put_end(json_t *merged, reports_of reports, size_t count)
{
	bool is_held = true;

	for (size_t i = 0; i < count; i++)
		is_held &= json_is_true(json_object_get(reports[i].json, "held"));
	json_object_set(merged, "end", find_end(reports, count));
	if (is_held)
		json_object_set_new(merged, "held", json_true());
}

int cli_report_merge(reports_of reports, size_t count, json_t **merged, struct wire_fault *fault)
{
	int error = check(reports, count, fault);

	if (error)
		return error;
	json_t *made = json_object();
	json_object_set_new(made, "reports", json_integer((json_int_t)count));
	json_object_set(made, "options", json_object_get(reports[0].json, "options"));
	put_end(made, reports, count);
	put_numbers(made, reports, count);
	put_skipped(made, reports, count);
	put_sums(made, reports, count, "failed_by");
	error = put_histogram(made, reports, count, NULL, "lag_us", "lag_buckets", fault);
	error = error ? error : put_requests(made, reports, count, fault);
	if (error)
		json_decref(made);
	else
		*merged = made;
	return error;
}
