#include "store/cluster/membership.h"

#include <errno.h>
#include <string.h>

#include "store/read/reader.h"
#include "wire/mark.h"

static bool has_name(const struct store_membership *membership, struct wire_slice name)
{
	for (uint32_t i = 0; i < membership->count; i++)
		if (wire_slice_equal(wire_slice_str(membership->names[i]), name))
			return true;
	return false;
}

static void add_name(struct store_membership *membership, struct wire_slice name)
{
	if (membership->count == STORE_MEMBERSHIP_NAMES || name.len >= sizeof membership->names[0] ||
	    has_name(membership, name))
		return;
	memcpy(membership->names[membership->count], name.data, name.len);
	membership->names[membership->count++][name.len] = '\0';
}

static int read_marks(struct store_membership *membership, const char *path, const struct store_filter *marks,
		      struct wire_fault *fault)
{
	const struct store_reader_options options = {.filter = marks};
	struct store_reader *reader;
	struct wire_event event;
	struct wire_slice name;
	int status = store_reader_open(&reader, path, &options, fault);
	if (status)
		return status;
	while ((status = store_reader_next(reader, &event, fault)) > 0)
		if (event.kind == WIRE_EVENT_MARK && wire_mark_is_cluster(event.text, &name))
			add_name(membership, name);
	store_reader_close(reader);
	return status;
}

int store_membership_read(struct store_membership *membership, const char *path, struct wire_fault *fault)
{
	struct store_filter *marks = store_filter_open();
	*membership = (struct store_membership){0};
	int error = marks ? store_filter_kinds(marks, "mark", fault) : -ENOMEM;
	if (!error)
		error = read_marks(membership, path, marks, fault);
	store_filter_close(marks);
	return error == -ENOMEM ? wire_fault_set(fault, error, "%s: out of memory", path) : error;
}

/* ---- numbers ---- */

static bool share_name(const struct store_membership *a, const struct store_membership *b)
{
	for (uint32_t i = 0; i < a->count; i++)
		if (has_name(b, wire_slice_str(a->names[i])))
			return true;
	return false;
}

/* Give all logs numbered `from` the number `to`. */
static void renumber(uint32_t *numbers, uint32_t count, uint32_t from, uint32_t to)
{
	for (uint32_t i = 0; i < count; i++)
		if (numbers[i] == from)
			numbers[i] = to;
}

uint32_t store_membership_number(const struct store_membership *logs, uint32_t count, uint32_t *numbers)
{
	uint32_t clusters = 0;
	for (uint32_t i = 0; i < count; i++)
		numbers[i] = 0;
	for (uint32_t i = 0; i < count; i++)
		for (uint32_t other = 0; other < i; other++) {
			if (!share_name(&logs[i], &logs[other]) ||
			    (numbers[i] > 0 && numbers[i] == numbers[other]))
				continue;
			if (numbers[i] == 0 && numbers[other] == 0)
				numbers[other] = ++clusters;
			else if (numbers[i] > 0 && numbers[other] > 0)
				renumber(numbers, count, numbers[other], numbers[i]);
			else if (numbers[other] == 0)
				numbers[other] = numbers[i];
			numbers[i] = numbers[other];
		}
	return clusters;
}
