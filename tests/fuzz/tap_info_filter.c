/* Fuzz target: the stream of a server, cut into two reads at a place that the fuzzer chooses, must come out as it does when it
 * is read at once. Without an INFO it must come out unchanged.
 *
 * Input: two bytes for the place of the cut, then the stream. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tap/proxy/info_filter.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

struct output {
	char *bytes;
	size_t len;
};

static void put(struct output *output, struct tap__passed *passed)
{
	output->bytes = realloc(output->bytes, output->len + passed->bytes.len + 1);
	require(output->bytes != NULL);
	if (passed->bytes.len > 0)
		memcpy(output->bytes + output->len, passed->bytes.data, passed->bytes.len);
	output->len += passed->bytes.len;
	free(passed->memory);
}

/* Read the stream with a cut; owned. */
static struct output read_cut(struct wire_slice stream, size_t cut)
{
	char from[] = "a:1", to[] = "b:2";
	struct tap__url_map map;
	struct tap__info_rules rules = {.host = "proxy", .port = 1, .maps = &map, .maps_count = 1};
	struct tap__info_filter filter = {0};
	struct output output = {0};
	struct tap__passed passed;
	memcpy(map.from, from, sizeof from);
	memcpy(map.to, to, sizeof to);
	require(tap__info_filter_take(&filter, &rules, wire_slice(stream.data, cut), &passed) == 0);
	put(&output, &passed);
	require(tap__info_filter_take(&filter, &rules, wire_slice(stream.data + cut, stream.len - cut),
				      &passed) == 0);
	put(&output, &passed);
	tap__info_filter_end(&filter, &passed);
	put(&output, &passed);
	tap__info_filter_fini(&filter);
	return output;
}

static bool has_info(struct wire_slice stream)
{
	for (size_t i = 0; i + 4 <= stream.len; i++)
		if (strncasecmp(stream.data + i, "info", 4) == 0)
			return true;
	return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2)
		return 0;
	struct wire_slice stream = wire_slice((const char *)data + 2, size - 2);
	size_t cut = (size_t)(data[0] | data[1] << 8) % (stream.len + 1);
	struct output whole = read_cut(stream, 0), halves = read_cut(stream, cut);
	require(whole.len == halves.len && memcmp(whole.bytes, halves.bytes, whole.len) == 0);
	if (!has_info(stream))
		require(whole.len == stream.len && memcmp(whole.bytes, stream.data, stream.len) == 0);
	free(whole.bytes);
	free(halves.bytes);
	return 0;
}
