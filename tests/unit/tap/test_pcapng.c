/* pcapng files: sections, interfaces, all packet blocks, times, drops, and cut and damaged files. */
#include <pcap/dlt.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tap/capture/pcap_format.h"
#include "tap/capture/pcapng_block.h"
#include "tests/support/guard_page.h"
#include "tests/unit/tap/capture_fixture.h"

/* ---- a file, block by block ---- */

struct file {
	struct support_bytes bytes;
	bool is_big_endian;
	size_t block_at;
};

static void put(struct file *file, uint64_t value, unsigned width)
{
	for (unsigned i = 0; i < width; i++)
		support_bytes_put_be(&file->bytes,
				     value >> 8 * (file->is_big_endian ? width - 1 - i : i) & 0xff, 1);
}

static void begin_block(struct file *file, uint32_t type)
{
	file->block_at = file->bytes.len;
	put(file, type, 4);
	put(file, 0, 4);
}

static void end_block(struct file *file)
{
	support_bytes_put_zeros(&file->bytes, (4 - file->bytes.len % 4) % 4);
	uint32_t total = (uint32_t)(file->bytes.len - file->block_at + 4);
	put(file, total, 4);
	memcpy(file->bytes.data + file->block_at + 4, file->bytes.data + file->bytes.len - 4, 4);
}

static void put_option(struct file *file, uint16_t code, uint64_t value, unsigned width)
{
	put(file, code, 2);
	put(file, width, 2);
	put(file, value, width);
	support_bytes_put_zeros(&file->bytes, (4 - width % 4) % 4);
}

static void put_section(struct file *file, bool is_big_endian)
{
	file->is_big_endian = is_big_endian;
	begin_block(file, 0x0a0d0d0a);
	put(file, 0x1a2b3c4d, 4);
	put(file, 1, 2);
	put(file, 0, 2);
	put(file, UINT64_MAX, 8);
	end_block(file);
}

/* resolution: as if_tsresol, 255 = none; offset_s: 0 = none. */
static void put_interface(struct file *file, uint16_t link, uint32_t snaplen, uint8_t resolution,
			  int64_t offset_s)
{
	begin_block(file, 1);
	put(file, link, 2);
	put(file, 0, 2);
	put(file, snaplen, 4);
	if (resolution != 255)
		put_option(file, 9, resolution, 1);
	if (offset_s)
		put_option(file, 14, (uint64_t)offset_s, 8);
	end_block(file);
}

static void begin_packet(struct file *file, uint32_t interface, uint64_t ticks, const char *frame)
{
	begin_block(file, 6);
	put(file, interface, 4);
	put(file, ticks >> 32, 4);
	put(file, ticks & UINT32_MAX, 4);
	put(file, strlen(frame), 4);
	put(file, strlen(frame) + 1000, 4);
	support_bytes_put(&file->bytes, frame, strlen(frame));
	support_bytes_put_zeros(&file->bytes, (4 - strlen(frame) % 4) % 4);
}

static void put_packet(struct file *file, uint32_t interface, uint64_t ticks, const char *frame)
{
	begin_packet(file, interface, ticks, frame);
	end_block(file);
}

static void put_packet_after_drops(struct file *file, uint64_t ticks, uint64_t drops)
{
	begin_packet(file, 0, ticks, "frame");
	put_option(file, 2, 1, 4); /* epb_flags */
	put_option(file, 4, drops, 8);
	put_option(file, 0, 0, 0);
	end_block(file);
}

static void put_simple_packet(struct file *file, const char *frame, uint32_t wire_bytes)
{
	begin_block(file, 3);
	put(file, wire_bytes, 4);
	support_bytes_put(&file->bytes, frame, strlen(frame));
	end_block(file);
}

static void put_obsolete_packet(struct file *file, uint16_t drops, uint64_t ticks, const char *frame)
{
	begin_block(file, 2);
	put(file, 0, 2);
	put(file, drops, 2);
	put(file, ticks >> 32, 4);
	put(file, ticks & UINT32_MAX, 4);
	put(file, strlen(frame), 4);
	put(file, strlen(frame), 4);
	support_bytes_put(&file->bytes, frame, strlen(frame));
	end_block(file);
}

static void put_statistics(struct file *file, uint64_t ticks, uint64_t interface_drops, uint64_t kernel_drops)
{
	begin_block(file, 5);
	put(file, 0, 4);
	put(file, ticks >> 32, 4);
	put(file, ticks & UINT32_MAX, 4);
	put_option(file, 5, interface_drops, 8);
	put_option(file, 7, kernel_drops, 8);
	put_option(file, 0, 0, 0);
	end_block(file);
}

static void put_other(struct file *file, uint32_t type, size_t len)
{
	begin_block(file, type);
	support_bytes_put_zeros(&file->bytes, len);
	end_block(file);
}

/* ---- what is read ---- */

enum { READ_MAX = 32 };

struct read {
	unsigned frames, drops;
	struct {
		int64_t time_ns;
		int link_type;
		uint32_t captured_bytes, wire_bytes;
		char text[40];
	} frame[READ_MAX];
	struct tap_drops drop[READ_MAX];
	struct tap_capture_counts counts;
	int status;
	struct wire_fault fault;
};

static void take_frame(void *context, const struct tap_frame *frame)
{
	struct read *read = context;
	unsigned i = read->frames++;
	assert_true(i < READ_MAX);
	read->frame[i].time_ns = frame->time_ns;
	read->frame[i].link_type = frame->link_type;
	read->frame[i].captured_bytes = frame->captured_bytes;
	read->frame[i].wire_bytes = frame->wire_bytes;
	snprintf(read->frame[i].text, sizeof read->frame[i].text, "%.*s", (int)frame->captured_bytes,
		 (const char *)frame->bytes);
}

static void take_drops(void *context, const struct tap_drops *drops)
{
	struct read *read = context;
	assert_true(read->drops < READ_MAX);
	read->drop[read->drops++] = *drops;
}

/* Read the first len bytes as a file. */
static void read_prefix(const struct capture_fixture *fixture, const struct file *file, size_t len,
			struct read *read)
{
	struct tap_capture *capture;
	*read = (struct read){0};
	support_write_file(fixture->path, file->bytes.data, len);
	read->status =
	    tap_capture_open(&capture, &(struct tap_capture_options){.file = fixture->path}, &read->fault);
	if (read->status < 0)
		return;
	tap_capture_on_drops(capture, take_drops, read);
	do
		read->status = tap_capture_read(capture, 1, take_frame, read, &read->fault);
	while (read->status > 0);
	tap_capture_counts(capture, &read->counts);
	tap_capture_close(capture, NULL);
}

/* Read the file, then discard it. */
static void read_file(const struct capture_fixture *fixture, struct file *file, struct read *read)
{
	read_prefix(fixture, file, file->bytes.len, read);
	support_bytes_fini(&file->bytes);
	*file = (struct file){0};
}

/* ---- sections and interfaces ---- */

static void interfaces_may_differ_in_link_type_and_snaplen(void **state)
{
	struct file file = {0};
	struct read read;
	put_section(&file, false);
	put_interface(&file, 1, 65535, 255, 0);
	put_interface(&file, 113, 0, 9, 0);
	put_interface(&file, 101, 96, 255, 0);
	put_packet(&file, 1, 1700000000000000001, "cooked");
	put_packet(&file, 0, 1700000000000002, "ethernet");
	put_packet(&file, 2, 1700000000000003, "raw");
	read_file(*state, &file, &read);
	assert_int_equal(read.status, 0);
	assert_int_equal(read.frames, 3);
	assert_string_equal(read.frame[0].text, "cooked");
	assert_int_equal(read.frame[0].link_type, DLT_LINUX_SLL);
	assert_true(read.frame[0].time_ns == 1700000000000000001);
	assert_int_equal(read.frame[0].wire_bytes, 1006);
	assert_int_equal(read.frame[1].link_type, DLT_EN10MB);
	assert_true(read.frame[1].time_ns == 1700000000000002000);
	assert_int_equal(read.frame[2].link_type, DLT_RAW);
}

static void sections_may_differ_in_byte_order(void **state)
{
	struct file file = {0};
	struct read read;
	for (int i = 0; i < 4; i++) {
		put_section(&file, i % 2);
		put_interface(&file, i % 2 ? 1 : 113, 0, 255, 0);
		put_packet(&file, 0, 1700000000000000 + (uint64_t)i, "frame");
	}
	read_file(*state, &file, &read);
	assert_int_equal(read.status, 0);
	assert_int_equal(read.frames, 4);
	for (unsigned i = 0; i < 4; i++) {
		assert_int_equal(read.frame[i].link_type, i % 2 ? DLT_EN10MB : DLT_LINUX_SLL);
		assert_true(read.frame[i].time_ns == 1700000000000000000 + (int64_t)i * 1000);
	}
}

static void blocks_that_are_not_needed_are_skipped(void **state)
{
	static const uint32_t types[] = {4, 9, 10, 0x0bad, 0x40000bad, 0x80000001, 0x7fffffff};
	struct file file = {0};
	struct read read;
	put_section(&file, false);
	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
		put_other(&file, types[i], i * 7);
	put_interface(&file, 1, 0, 255, 0);
	put_other(&file, 0x0bad, 30 << 20); /* longer than any block that is read */
	put_packet(&file, 0, 5, "frame");
	read_file(*state, &file, &read);
	assert_int_equal(read.status, 0);
	assert_int_equal(read.frames, 1);
}

static void a_length_without_its_padding_is_understood(void **state)
{
	struct file file = {0};
	struct read read;
	put_section(&file, false);
	put_interface(&file, 1, 0, 255, 0);
	put_simple_packet(&file, "seven b", 7);
	file.bytes.data[file.block_at + 4]--;
	file.bytes.data[file.bytes.len - 4]--;
	put_simple_packet(&file, "more", 4);
	read_file(*state, &file, &read);
	assert_int_equal(read.status, 0);
	assert_int_equal(read.frames, 2);
	assert_string_equal(read.frame[0].text, "seven b");
}

/* ---- packets and times ---- */

static void every_resolution_gives_nanoseconds(void **state)
{
	(void)state;
	static const struct {
		uint8_t resolution;
		int64_t offset_s;
		uint64_t ticks;
		int64_t time_ns;
	} times[] = {
	    {0, 0, 1700000000, 1700000000000000000},
	    {3, 0, 1700000000001, 1700000000001000000},
	    {6, 0, 1700000000000001, 1700000000000001000},
	    {9, 0, 1700000000000000001, 1700000000000000001},
	    {10, 0, 17000000000000000019u, 1700000000000000001},
	    {12, 0, 5000, 5},
	    {127, 0, UINT64_MAX, 0},
	    {0x80, 0, 1700000000, 1700000000000000000},
	    {0x80 | 1, 0, 3, 1500000000},
	    {0x80 | 32, 0, UINT64_C(1700000000) << 32 | UINT64_C(1) << 31, 1700000000500000000},
	    {0x80 | 127, 0, UINT64_MAX, 0},
	    {6, 1700000000, 7, 1700000000000007000},
	    {6, -1, 0, -1000000000},
	    {0, 0, UINT64_MAX, TAP__TIME_NS_MAX},
	    {0, INT64_MAX, UINT64_MAX, TAP__TIME_NS_MAX},
	    {6, INT64_MIN, 0, -TAP__TIME_NS_MAX},
	};
	for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
		const struct tap__pcapng_link link = {.resolution = times[i].resolution,
						      .offset_s = times[i].offset_s};
		int64_t time_ns = tap__pcapng_time_ns(&link, times[i].ticks);
		if (time_ns != times[i].time_ns)
			fail_msg("%zu: %lld instead of %lld", i, (long long)time_ns,
				 (long long)times[i].time_ns);
	}
}

static void a_simple_packet_has_the_time_of_the_one_before(void **state)
{
	struct file file = {0};
	struct read read;
	put_section(&file, true);
	put_interface(&file, 1, 5, 255, 0);
	put_simple_packet(&file, "first", 5);
	put_packet(&file, 0, 1700000000000000, "frame");
	put_simple_packet(&file, "longer", 6);
	put_simple_packet(&file, "abc", 3);
	read_file(*state, &file, &read);
	assert_int_equal(read.status, 0);
	assert_int_equal(read.frames, 4);
	assert_true(read.frame[0].time_ns == 0);
	assert_string_equal(read.frame[2].text, "longe"); /* cut to the interface's snaplen */
	assert_int_equal(read.frame[2].wire_bytes, 6);
	assert_true(read.frame[2].time_ns == 1700000000000000000);
	assert_string_equal(read.frame[3].text, "abc"); /* its padding is not included */
}

static void an_obsolete_packet_is_read(void **state)
{
	struct file file = {0};
	struct read read;
	put_section(&file, false);
	put_interface(&file, 1, 0, 255, 0);
	put_obsolete_packet(&file, 0xffff, 1000000, "first"); /* drops: unknown */
	put_obsolete_packet(&file, 3, 2000000, "second");
	read_file(*state, &file, &read);
	assert_int_equal(read.frames, 2);
	assert_string_equal(read.frame[1].text, "second");
	assert_int_equal(read.drops, 1);
	assert_int_equal(read.drop[0].either, 3);
	assert_true(read.drop[0].from_ns == 1000000000 && read.drop[0].to_ns == 2000000000);
}

/* ---- drops ---- */

static void drops_of_packets_are_between_two_packets(void **state)
{
	struct file file = {0};
	struct read read;
	put_section(&file, false);
	put_interface(&file, 1, 0, 255, 0);
	put_packet_after_drops(&file, 1000000, 5);
	put_packet_after_drops(&file, 3000000, 0);
	put_packet_after_drops(&file, 4000000, 7);
	read_file(*state, &file, &read);
	assert_int_equal(read.drops, 2);
	assert_true(read.drop[0].either == 5 && read.drop[0].from_ns == 1000000000);
	assert_true(read.drop[1].either == 7 && read.drop[1].from_ns == 3000000000 &&
		    read.drop[1].to_ns == 4000000000);
	assert_int_equal(read.counts.either_drops, 12);
}

static void statistics_are_counters_since_the_beginning(void **state)
{
	struct file file = {0};
	struct read read;
	put_section(&file, true);
	put_interface(&file, 1, 0, 255, 0);
	put_packet(&file, 0, 1000000, "frame");
	put_statistics(&file, 2000000, 4, 10);
	put_statistics(&file, 3000000, 4, 10);
	put_statistics(&file, 4000000, 5, 30);
	put_statistics(&file, 5000000, 0, 0); /* a counter that decreased states nothing */
	read_file(*state, &file, &read);
	assert_int_equal(read.drops, 2);
	assert_true(read.drop[0].kernel == 10 && read.drop[0].interface == 4 && read.drop[0].either == 0);
	assert_true(read.drop[0].from_ns == 1000000000 && read.drop[0].to_ns == 2000000000);
	assert_true(read.drop[1].kernel == 20 && read.drop[1].interface == 1);
	assert_true(read.drop[1].from_ns == 3000000000 && read.drop[1].to_ns == 4000000000);
	assert_int_equal(read.counts.kernel_drops, 30);
	assert_int_equal(read.counts.interface_drops, 5);
}

static uint64_t all_drops(const struct read *read)
{
	return read->counts.kernel_drops + read->counts.interface_drops + read->counts.either_drops;
}

static void a_drop_that_is_stated_twice_counts_once(void **state)
{
	struct file file = {0};
	struct read read;
	put_section(&file, false);
	put_interface(&file, 1, 0, 255, 0);
	put_packet_after_drops(&file, 1000000, 40);
	put_statistics(&file, 2000000, 2, 40); /* two more */
	read_file(*state, &file, &read);
	assert_int_equal(all_drops(&read), 42);

	put_section(&file, false);
	put_interface(&file, 1, 0, 255, 0);
	put_packet_after_drops(&file, 1000000, 0);
	put_statistics(&file, 2000000, 0, 6);
	put_packet_after_drops(&file, 3000000, 9); /* six of them were in the statistics */
	put_statistics(&file, 4000000, 0, 9);
	put_packet_after_drops(&file, 5000000, 1);
	read_file(*state, &file, &read);
	assert_int_equal(all_drops(&read), 10);
}

static void interfaces_and_sections_have_counters_of_their_own(void **state)
{
	struct file file = {0};
	struct read read;
	for (int i = 0; i < 3; i++) {
		put_section(&file, i % 2);
		put_interface(&file, 1, 0, 255, 0);
		put_statistics(&file, 1000000, 0, 7);
	}
	read_file(*state, &file, &read);
	assert_int_equal(read.counts.kernel_drops, 21);
}

/* ---- cut and damaged ---- */

static void put_everything(struct file *file)
{
	put_section(file, false);
	put_interface(file, 1, 0, 9, 5);
	put_packet_after_drops(file, 1000000, 3);
	put_other(file, 0x0bad, 10);
	put_simple_packet(file, "simple", 6);
	put_section(file, true);
	put_interface(file, 113, 0, 255, 0);
	put_obsolete_packet(file, 1, 5, "obsolete");
	put_statistics(file, 4000000, 5, 30);
	put_packet(file, 0, 7, "last");
}

static void a_cut_file_gives_what_is_before_the_cut(void **state)
{
	struct file file = {0};
	struct read read;
	unsigned whole = 0, frames = 0;
	put_everything(&file);
	for (size_t len = 4; len <= file.bytes.len; len++) {
		read_prefix(*state, &file, len, &read);
		whole += read.status == 0;
		if (read.status != 0)
			assert_int_equal(read.status, TAP_ECUT);
		assert_true(read.frames >= frames);
		frames = read.frames;
	}
	assert_int_equal(whole, 10); /* one for the end of each block */
	assert_int_equal(frames, 4);
	support_bytes_fini(&file.bytes);
}

/* Put a number at an offset of the file's last block. Reading must fail at that block, for this reason. */
static void check_damage(struct capture_fixture *fixture, size_t at, uint32_t value, const char *reason)
{
	struct file file = {0};
	struct read read;
	char place[40];
	put_everything(&file);
	snprintf(place, sizeof place, "after 3 frames, at offset %zu:", file.block_at);
	support_bytes_put_be(&file.bytes, value, 4);
	memcpy(file.bytes.data + file.block_at + at, file.bytes.data + file.bytes.len - 4, 4);
	file.bytes.len -= 4;
	read_file(fixture, &file, &read);
	assert_int_equal(read.status, TAP_ECAPTURE);
	assert_int_equal(read.frames, 3);
	if (!strstr(read.fault.text, place) || !strstr(read.fault.text, reason))
		fail_msg("%s", read.fault.text);
}

static void damage_is_reported_with_its_offset(void **state)
{
	check_damage(*state, 4, 8, "shorter than the minimum");
	check_damage(*state, 4, 0xfffffffc, "longer than");
	check_damage(*state, 32, 32, "the lengths at the beginning and the end of a block differ");
	check_damage(*state, 8, 1, "an interface that was not described");
	check_damage(*state, 20, 5, "a packet is longer than its block");
	check_damage(*state, 20, 0xffffffff, "a packet is longer than its block");
	check_damage(*state, 0, 0x0a0d0d0a, "byte order");
}

/* ---- the parsers alone ---- */

static struct guard_page page;

/* Every prefix of the body, with options, at an unmapped page. */
static void check_body(uint32_t type, const unsigned char *bytes, size_t len)
{
	struct tap__pcapng_link link;
	struct tap__pcapng_packet packet;
	struct tap__pcapng_statistics statistics;
	for (size_t cut = 0; cut <= len; cut++) {
		const struct tap__pcapng_body body = {
		    .bytes = (const unsigned char *)guard_page_copy(&page, (const char *)bytes, cut),
		    .len = (uint32_t)cut,
		    .is_big_endian = true};
		(void)tap__pcapng_check_section(&body);
		(void)tap__pcapng_parse_interface(&body, &link);
		(void)tap__pcapng_parse_statistics(&body, &statistics);
		if (!tap__pcapng_parse_packet(&body, type, &packet))
			assert_true(packet.bytes + packet.captured_bytes <= body.bytes + cut);
		if (!tap__pcapng_parse_simple_packet(&body, 0, &packet))
			assert_true(packet.bytes + packet.captured_bytes <= body.bytes + cut);
	}
}

static void no_parser_reads_beyond_a_body(void **state)
{
	(void)state;
	struct file file = {0};
	guard_page_init(&page, 4096);
	put_section(&file, true);
	put_interface(&file, 1, 0, 9, 5);
	check_body(6, file.bytes.data + file.block_at + 8, file.bytes.len - file.block_at - 12);
	put_packet_after_drops(&file, 1000000, 3);
	check_body(6, file.bytes.data + file.block_at + 8, file.bytes.len - file.block_at - 12);
	check_body(2, file.bytes.data + file.block_at + 8, file.bytes.len - file.block_at - 12);
	put_statistics(&file, 4000000, 5, 30);
	check_body(6, file.bytes.data + file.block_at + 8, file.bytes.len - file.block_at - 12);
	support_bytes_fini(&file.bytes);
	guard_page_fini(&page);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(interfaces_may_differ_in_link_type_and_snaplen),
	    cmocka_unit_test(sections_may_differ_in_byte_order),
	    cmocka_unit_test(blocks_that_are_not_needed_are_skipped),
	    cmocka_unit_test(a_length_without_its_padding_is_understood),
	    cmocka_unit_test(every_resolution_gives_nanoseconds),
	    cmocka_unit_test(a_simple_packet_has_the_time_of_the_one_before),
	    cmocka_unit_test(an_obsolete_packet_is_read),
	    cmocka_unit_test(drops_of_packets_are_between_two_packets),
	    cmocka_unit_test(statistics_are_counters_since_the_beginning),
	    cmocka_unit_test(a_drop_that_is_stated_twice_counts_once),
	    cmocka_unit_test(interfaces_and_sections_have_counters_of_their_own),
	    cmocka_unit_test(a_cut_file_gives_what_is_before_the_cut),
	    cmocka_unit_test(damage_is_reported_with_its_offset),
	    cmocka_unit_test(no_parser_reads_beyond_a_body),
	};
	return cmocka_run_group_tests(tests, capture_fixture_setup, capture_fixture_teardown);
}
