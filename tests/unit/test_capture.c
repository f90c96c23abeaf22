/* Captures: every kind of file, packed or not, cut or damaged; filters; what cannot be opened, and why. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include <cmocka.h>

#include "support/packets.h"
#include "support/tempdir.h"
#include "tap/capture.h"

#define TIME_NS INT64_C(1700000000123456789)

enum { FRAMES = 20 };

static struct support_tempdir dir;
static char path[300];

/* ---- what a capture gives ---- */

struct taken {
	unsigned frames;
	int64_t time_ns; /* of the first */
	struct support_bytes bytes;
	uint32_t wire_bytes;
	int status; /* of the last read */
	struct wire_fault fault;
};

static void take_frame(void *context, const struct tap_frame *frame)
{
	struct taken *taken = context;
	if (taken->frames++ == 0)
		taken->time_ns = frame->time_ns;
	taken->wire_bytes += frame->wire_bytes;
	support_bytes_put(&taken->bytes, frame->bytes, frame->captured_bytes);
}

/* Read to the end or an error, `max` frames at a time. */
static void read_all(struct tap_capture *capture, int max, struct taken *taken)
{
	*taken = (struct taken){0};
	do
		taken->status = tap_capture_read(capture, max, take_frame, taken, &taken->fault);
	while (taken->status > 0);
}

static void read_file(const struct tap_capture_options *options, struct taken *taken)
{
	struct tap_capture *capture;
	struct wire_fault fault = {0};
	if (tap_capture_open(&capture, options, &fault) != 0)
		fail_msg("%s", fault.text);
	read_all(capture, 7, taken);
	assert_int_equal(tap_capture_close(capture, &fault), 0);
}

static void read_path(struct taken *taken)
{
	read_file(&(struct tap_capture_options){.file = path}, taken);
}

static void check_whole(struct taken *taken, const struct support_bytes *frames)
{
	assert_int_equal(taken->status, 0);
	assert_int_equal(taken->frames, FRAMES);
	assert_int_equal(taken->bytes.len, frames->len);
	assert_memory_equal(taken->bytes.data, frames->data, frames->len);
	support_bytes_fini(&taken->bytes);
}

static int open_error(const struct tap_capture_options *options, const char *text)
{
	struct tap_capture *capture = NULL;
	struct wire_fault fault = {0};
	int error = tap_capture_open(&capture, options, &fault);
	assert_null(capture);
	assert_int_equal(fault.code, error);
	if (!strstr(fault.text, text))
		fail_msg("\"%s\" does not say \"%s\"", fault.text, text);
	return error;
}

/* ---- what is in a capture ---- */

static struct support_packet packet_of(unsigned number)
{
	return (struct support_packet){.from = {1, 50000},
				       .to = {2, (uint16_t)(4222 + number % 2)},
				       .seq = number,
				       .flags = SUPPORT_ACK,
				       .payload = wire_slice("0123456789abcdefghijklmnopqrstuvwxyz", number)};
}

/* A capture of FRAMES frames; *frames gets their bytes. */
static void make_capture(struct support_capture *capture, struct support_bytes *frames)
{
	support_capture_begin(capture);
	for (unsigned i = 0; i < FRAMES; i++) {
		struct support_packet packet = packet_of(i);
		packet.link = capture->link;
		support_packet_put(frames, &packet);
		support_capture_put_packet(capture, TIME_NS + i, &packet);
	}
}

static void write_capture(struct support_capture *capture, struct support_bytes *frames)
{
	make_capture(capture, frames);
	support_write_file(path, capture->bytes.data, capture->bytes.len);
	support_capture_fini(capture);
}

static void every_kind_of_file_is_read(void **state)
{
	(void)state;
	for (int kind = 0; kind < 8; kind++) {
		struct support_capture capture = {.format = kind & 1 ? SUPPORT_PCAPNG : SUPPORT_PCAP,
						  .is_big_endian = kind & 2,
						  .has_nanoseconds = kind & 4};
		struct support_bytes frames = {0};
		struct taken taken;
		write_capture(&capture, &frames);
		read_path(&taken);
		check_whole(&taken, &frames);
		assert_true(taken.time_ns == (kind & 4 ? TIME_NS : TIME_NS / 1000 * 1000));
		support_bytes_fini(&frames);
	}
}

static void every_link_type_is_named(void **state)
{
	(void)state;
	for (int link = 0; link < SUPPORT_LINKS; link++) {
		struct support_capture capture = {.link = (enum support_link)link};
		struct support_bytes frames = {0};
		struct tap_capture *opened;
		write_capture(&capture, &frames);
		assert_int_equal(tap_capture_open(&opened, &(struct tap_capture_options){.file = path}, NULL),
				 0);
		assert_int_equal(tap_capture_link_type(opened), support_link_type((enum support_link)link));
		assert_int_equal(tap_capture_fd(opened), -1);
		tap_capture_close(opened, NULL);
		support_bytes_fini(&frames);
	}
}

static void a_frame_that_was_cut_says_its_true_length(void **state)
{
	(void)state;
	struct support_capture capture = {.snaplen = 60};
	struct support_bytes frames = {0};
	struct taken taken;
	write_capture(&capture, &frames);
	read_path(&taken);
	assert_int_equal(taken.wire_bytes, frames.len);
	assert_true(taken.bytes.len < frames.len);
	support_bytes_fini(&taken.bytes);
	support_bytes_fini(&frames);
}

/* Files of long-lived tools say 524288, more than libpcap allows itself. */
static void a_very_large_snapshot_length_is_no_harm(void **state)
{
	(void)state;
	struct support_capture capture = {.snaplen = 524288};
	struct support_bytes frames = {0};
	struct taken taken;
	write_capture(&capture, &frames);
	read_path(&taken);
	check_whole(&taken, &frames);
	support_bytes_fini(&frames);
}

/* ---- packed ---- */

static size_t pack_gzip(const struct support_bytes *in, unsigned char *out, size_t cap)
{
	z_stream stream = {
	    .next_in = in->data, .avail_in = (unsigned)in->len, .next_out = out, .avail_out = (unsigned)cap};
	deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
	assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
	deflateEnd(&stream);
	return cap - stream.avail_out;
}

static size_t pack_zstd(const struct support_bytes *in, unsigned char *out, size_t cap)
{
	size_t len = ZSTD_compress(out, cap, in->data, in->len, 1);
	assert_false(ZSTD_isError(len));
	return len;
}

typedef size_t (*pack_function)(const struct support_bytes *in, unsigned char *out, size_t cap);

static const pack_function packers[] = {pack_gzip, pack_zstd};

/* In two pieces, as gzip and zstd append to a file. Returns its length. */
static size_t pack(pack_function packer, const struct support_bytes *file, unsigned char *out, size_t cap)
{
	struct support_bytes first = {.data = file->data, .len = file->len / 2},
			     second = {.data = file->data + first.len, .len = file->len - first.len};
	size_t len = packer(&first, out, cap);
	return len + packer(&second, out + len, cap - len);
}

static void packed_files_are_unpacked(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct support_capture capture = {.format = SUPPORT_PCAP};
		struct support_bytes frames = {0};
		struct taken taken;
		unsigned char packed[8192];
		make_capture(&capture, &frames);
		support_write_file(path, packed, pack(packers[i], &capture.bytes, packed, sizeof packed));
		read_path(&taken);
		check_whole(&taken, &frames);
		support_capture_fini(&capture);
		support_bytes_fini(&frames);
	}
}

/* More than any buffer on the way holds, and much more unpacked than packed. */
static void a_large_packed_file_is_unpacked(void **state)
{
	(void)state;
	struct support_capture capture = {.format = SUPPORT_PCAPNG};
	size_t cap = 1 << 20;
	unsigned char *packed = malloc(cap);
	struct support_packet packet = packet_of(30);
	support_capture_begin(&capture);
	for (int i = 0; i < 50000; i++)
		support_capture_put_packet(&capture, TIME_NS, &packet);
	for (unsigned i = 0; i < 2; i++) {
		struct taken taken;
		support_write_file(path, packed, pack(packers[i], &capture.bytes, packed, cap));
		read_path(&taken);
		assert_int_equal(taken.status, 0);
		assert_int_equal(taken.frames, 50000);
		support_bytes_fini(&taken.bytes);
	}
	support_capture_fini(&capture);
	free(packed);
}

static void damage_in_a_packed_file_is_told(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct support_capture capture = {0};
		struct support_bytes frames = {0};
		struct taken taken;
		unsigned char packed[8192];
		make_capture(&capture, &frames);
		size_t len = pack(packers[i], &capture.bytes, packed, sizeof packed);
		memset(packed + len * 3 / 4, 0xff, len / 8);
		support_write_file(path, packed, len);
		read_path(&taken);
		assert_int_equal(taken.status, TAP_ECAPTURE);
		assert_non_null(strstr(taken.fault.text, "damaged"));
		assert_true(taken.frames > 0 && taken.frames < FRAMES);
		support_bytes_fini(&taken.bytes);
		support_capture_fini(&capture);
		support_bytes_fini(&frames);
	}
}

/* ---- standard input ---- */

static void standard_input_is_read_packed_or_not(void **state)
{
	(void)state;
	int keep = dup(STDIN_FILENO);
	for (unsigned i = 0; i < 3; i++) {
		struct support_capture capture = {.format = SUPPORT_PCAPNG};
		struct support_bytes frames = {0};
		struct taken taken;
		unsigned char packed[8192];
		int pipe_fds[2];
		make_capture(&capture, &frames);
		size_t len =
		    i < 2 ? pack(packers[i], &capture.bytes, packed, sizeof packed) : capture.bytes.len;
		assert_int_equal(pipe(pipe_fds), 0);
		assert_int_equal(write(pipe_fds[1], i < 2 ? packed : capture.bytes.data, len), len);
		close(pipe_fds[1]);
		dup2(pipe_fds[0], STDIN_FILENO);
		close(pipe_fds[0]);
		read_file(&(struct tap_capture_options){.file = "-"}, &taken);
		check_whole(&taken, &frames);
		support_capture_fini(&capture);
		support_bytes_fini(&frames);
	}
	dup2(keep, STDIN_FILENO);
	close(keep);
}

/* ---- cut ---- */

/* What an end of the file at each of its bytes gives: the frames before it, and an error unless it is between two. */
static void check_cuts(enum support_format format)
{
	struct support_capture capture = {.format = format};
	struct support_bytes frames = {0};
	unsigned between = 0;
	make_capture(&capture, &frames);
	for (size_t len = 50; len < capture.bytes.len; len++) { /* from behind the header on */
		struct taken taken;
		support_write_file(path, capture.bytes.data, len);
		read_path(&taken);
		assert_true(taken.frames < FRAMES);
		assert_memory_equal(taken.bytes.data, frames.data, taken.bytes.len);
		between += taken.status == 0;
		if (taken.status != 0) {
			assert_int_equal(taken.status, TAP_ECUT);
			assert_non_null(strstr(taken.fault.text, "cut off"));
		}
		support_bytes_fini(&taken.bytes);
	}
	assert_int_equal(between, FRAMES - 1);
	support_capture_fini(&capture);
	support_bytes_fini(&frames);
}

static void a_cut_file_gives_what_is_before_the_cut_and_says_so(void **state)
{
	(void)state;
	check_cuts(SUPPORT_PCAP);
	check_cuts(SUPPORT_PCAPNG);
}

/* Also where the bytes that are unpacked end between two frames. */
static void a_cut_packed_file_is_told(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct support_capture capture = {0};
		struct support_bytes frames = {0};
		unsigned char packed[8192];
		make_capture(&capture, &frames);
		size_t len = pack(packers[i], &capture.bytes, packed, sizeof packed);
		for (size_t cut = len * 3 / 4; cut < len; cut++) {
			struct taken taken;
			support_write_file(path, packed, cut);
			read_path(&taken);
			assert_int_equal(taken.status, TAP_ECUT);
			assert_memory_equal(taken.bytes.data, frames.data, taken.bytes.len);
			support_bytes_fini(&taken.bytes);
		}
		support_capture_fini(&capture);
		support_bytes_fini(&frames);
	}
}

static void an_error_stays(void **state)
{
	(void)state;
	struct support_capture capture = {0};
	struct support_bytes frames = {0};
	struct tap_capture *opened;
	struct taken taken = {0};
	make_capture(&capture, &frames);
	support_write_file(path, capture.bytes.data, capture.bytes.len - 1);
	assert_int_equal(tap_capture_open(&opened, &(struct tap_capture_options){.file = path}, NULL), 0);
	assert_int_equal(tap_capture_read(opened, 1000, take_frame, &taken, &taken.fault), FRAMES - 1);
	for (int i = 0; i < 3; i++)
		assert_int_equal(tap_capture_read(opened, 1000, take_frame, &taken, &taken.fault), TAP_ECUT);
	tap_capture_close(opened, NULL);
	support_bytes_fini(&taken.bytes);
	support_capture_fini(&capture);
	support_bytes_fini(&frames);
}

/* ---- filters ---- */

static unsigned frames_that_pass(const struct support_packet *packet, const char *filter, uint16_t port)
{
	struct support_capture capture = {.link = packet->link};
	struct taken taken;
	support_capture_begin(&capture);
	support_capture_put_packet(&capture, TIME_NS, packet);
	support_write_file(path, capture.bytes.data, capture.bytes.len);
	support_capture_fini(&capture);
	read_file(
	    &(struct tap_capture_options){
		.file = path, .filter = filter, .ports = &port, .ports_count = port ? 1 : 0},
	    &taken);
	support_bytes_fini(&taken.bytes);
	return taken.frames;
}

static void a_port_is_found_behind_tags_and_headers(void **state)
{
	(void)state;
	static const uint8_t extensions[] = {0, 60};
	for (int form = 0; form < SUPPORT_LINKS * 2 * 3 * 2; form++) {
		struct support_packet packet = packet_of(5);
		packet.link = (enum support_link)(form % SUPPORT_LINKS);
		packet.is_v6 = form / SUPPORT_LINKS % 2;
		packet.vlan_tags =
		    packet.link == SUPPORT_ETHERNET ? (unsigned)(form / SUPPORT_LINKS / 2 % 3) : 0;
		packet.extensions = extensions;
		packet.extensions_len = form / SUPPORT_LINKS / 6 ? 2 : 0;
		assert_int_equal(frames_that_pass(&packet, NULL, 4223), 1);
		assert_int_equal(frames_that_pass(&packet, NULL, 50000), 1);
		if (!packet.extensions_len)
			assert_int_equal(frames_that_pass(&packet, NULL, 80), 0);
	}
}

static void fragments_without_ports_pass(void **state)
{
	(void)state;
	for (int form = 0; form < 6; form++) {
		struct support_packet packet = packet_of(35);
		packet.is_v6 = form % 2;
		packet.vlan_tags = (unsigned)form / 2;
		packet.fragment_id = 1;
		packet.fragment_offset = 40;
		packet.fragment_len = 15;
		assert_int_equal(frames_that_pass(&packet, NULL, 4222), 1);
	}
}

static void the_users_filter_counts_as_well(void **state)
{
	(void)state;
	struct support_packet packet = packet_of(5);
	assert_int_equal(frames_that_pass(&packet, "host 10.0.0.1", 0), 1);
	assert_int_equal(frames_that_pass(&packet, "host 10.0.0.9", 0), 0);
	assert_int_equal(frames_that_pass(&packet, "host 10.0.0.1", 4223), 1);
	assert_int_equal(frames_that_pass(&packet, "host 10.0.0.9", 4223), 0);
	assert_int_equal(frames_that_pass(&packet, "host 10.0.0.1", 80), 0);
	assert_int_equal(frames_that_pass(&packet, "host 10.0.0.1 or host 10.0.0.9", 80), 0);
	packet.vlan_tags = 1;
	assert_int_equal(frames_that_pass(&packet, "vlan and host 10.0.0.1", 4223), 1);
}

static void an_impossible_filter_is_told_in_libpcaps_words(void **state)
{
	(void)state;
	struct support_capture capture = {0};
	struct support_bytes frames = {0};
	write_capture(&capture, &frames);
	support_bytes_fini(&frames);
	struct tap_capture_options options = {.file = path, .filter = "tcp port 4222 and ((ip"};
	assert_int_equal(open_error(&options, "syntax error"), TAP_EBPF);
	assert_int_equal(open_error(&options, "as far as \"tcp port 4222\""), TAP_EBPF);
	options.filter = "ip) or (ip6";
	assert_int_equal(open_error(&options, "syntax error"), TAP_EBPF);
	options.filter = "port 70000";
	assert_int_equal(open_error(&options, "70000"), TAP_EBPF);
}

/* ---- what cannot be opened ---- */

static void what_is_no_capture_is_told(void **state)
{
	(void)state;
	const struct tap_capture_options options = {.file = path};
	support_write_file(path, "PUB a 5\r\nhello\r\n", 16);
	assert_int_equal(open_error(&options, "not a packet capture"), TAP_ECAPTURE);
	support_write_file(path, "", 0);
	assert_int_equal(open_error(&options, "not a packet capture"), TAP_ECAPTURE);
	support_write_file(path, "\x1f\x8b not gzip", 10);
	assert_int_equal(open_error(&options, "not a packet capture"), TAP_ECAPTURE);
	assert_int_equal(open_error(&(struct tap_capture_options){.file = dir.path}, dir.path), -EISDIR);
	unlink(path);
	assert_int_equal(open_error(&options, path), -ENOENT);
}

static void a_link_type_that_cannot_be_decoded_is_told(void **state)
{
	(void)state;
	struct support_capture capture = {0};
	support_capture_begin(&capture);
	capture.bytes.data[20] = 189; /* USB */
	support_write_file(path, capture.bytes.data, capture.bytes.len);
	support_capture_fini(&capture);
	assert_int_equal(open_error(&(struct tap_capture_options){.file = path}, "link type 189"),
			 TAP_ECAPTURE);
}

static void an_interface_that_is_not_there_lists_those_that_are(void **state)
{
	(void)state;
	if (geteuid() != 0) {
		print_message("skipped: who may not capture is told so first\n");
		skip();
	}
	const struct tap_capture_options options = {.interface = "no-such-if0"};
	assert_int_equal(open_error(&options, "there are: "), TAP_EINTERFACE);
	assert_int_equal(open_error(&options, "lo"), TAP_EINTERFACE);
}

/* ---- writing ---- */

static void what_is_read_can_be_written(void **state)
{
	(void)state;
	char copy[300];
	struct support_capture capture = {.format = SUPPORT_PCAPNG, .has_nanoseconds = true};
	struct support_bytes frames = {0};
	struct taken taken;
	support_tempdir_path(&dir, "copy.pcap", copy, sizeof copy);
	write_capture(&capture, &frames);
	read_file(&(struct tap_capture_options){.file = path, .write_file = copy}, &taken);
	support_bytes_fini(&taken.bytes);
	read_file(&(struct tap_capture_options){.file = copy}, &taken);
	check_whole(&taken, &frames);
	assert_true(taken.time_ns == TIME_NS);
	assert_int_equal(open_error(&(struct tap_capture_options){.file = path, .write_file = copy}, copy),
			 -EEXIST);
	unlink(copy);
	support_bytes_fini(&frames);
}

/* Once no file may grow, as on a full disk. */
static void a_failed_write_is_told(void **state)
{
	(void)state;
	char copy[300];
	struct support_capture capture = {0};
	struct support_bytes frames = {0};
	struct tap_capture *opened;
	struct taken taken;
	struct wire_fault fault = {0};
	struct rlimit old, none;
	support_tempdir_path(&dir, "copy.pcap", copy, sizeof copy);
	write_capture(&capture, &frames);
	support_bytes_fini(&frames);
	const struct tap_capture_options options = {.file = path, .write_file = copy};
	assert_int_equal(tap_capture_open(&opened, &options, NULL), 0);
	getrlimit(RLIMIT_FSIZE, &old);
	none = (struct rlimit){.rlim_max = old.rlim_max};
	signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &none);
	read_all(opened, 7, &taken);
	int error = tap_capture_close(opened, &fault);
	setrlimit(RLIMIT_FSIZE, &old);
	support_bytes_fini(&taken.bytes);
	assert_int_equal(error, -EFBIG);
	assert_non_null(strstr(fault.text, copy));
}

static int open_dir(void **state)
{
	(void)state;
	support_tempdir_open(&dir);
	support_tempdir_path(&dir, "capture", path, sizeof path);
	return 0;
}

static int close_dir(void **state)
{
	(void)state;
	support_tempdir_close(&dir);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_kind_of_file_is_read),
	    cmocka_unit_test(every_link_type_is_named),
	    cmocka_unit_test(a_frame_that_was_cut_says_its_true_length),
	    cmocka_unit_test(a_very_large_snapshot_length_is_no_harm),
	    cmocka_unit_test(packed_files_are_unpacked),
	    cmocka_unit_test(a_large_packed_file_is_unpacked),
	    cmocka_unit_test(damage_in_a_packed_file_is_told),
	    cmocka_unit_test(standard_input_is_read_packed_or_not),
	    cmocka_unit_test(a_cut_file_gives_what_is_before_the_cut_and_says_so),
	    cmocka_unit_test(a_cut_packed_file_is_told),
	    cmocka_unit_test(an_error_stays),
	    cmocka_unit_test(a_port_is_found_behind_tags_and_headers),
	    cmocka_unit_test(fragments_without_ports_pass),
	    cmocka_unit_test(the_users_filter_counts_as_well),
	    cmocka_unit_test(an_impossible_filter_is_told_in_libpcaps_words),
	    cmocka_unit_test(what_is_no_capture_is_told),
	    cmocka_unit_test(a_link_type_that_cannot_be_decoded_is_told),
	    cmocka_unit_test(an_interface_that_is_not_there_lists_those_that_are),
	    cmocka_unit_test(what_is_read_can_be_written),
	    cmocka_unit_test(a_failed_write_is_told),
	};
	return cmocka_run_group_tests(tests, open_dir, close_dir);
}
