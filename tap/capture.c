#include "tap/capture.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tap/capture_file.h"
#include "tap/privileges.h"
#include "tap/redactor.h"

/* TIMEOUT_MS: how long the kernel may keep a frame before it hands over a block that is not full. With zero TPACKET_V3
 * would keep it until the block is full, for ever on a quiet link; without blocks (libpcap's immediate mode) each frame
 * takes a slot of the greatest length, and 64 MiB hold 256 frames. */
enum { TIMEOUT_MS = 20, SNAPLEN_MAX = 262144, BUFFER_BYTES = 64 << 20 };

/* Times of a capture file may be anything; these leave room to add and to subtract: some 126 years both ways. */
#define SECONDS_MAX INT64_C(4000000000)

struct tap_capture {
	pcap_t *pcap;
	char *name;             /* interface or file, for messages */
	struct tap__file *file; /* NULL: an interface. Owned by pcap */
	pcap_dumper_t *writer;
	char *writer_name;
	struct tap_redactor *redactor; /* NULL: frames are written as they are */
	bool has_unwritten;            /* a frame, for want of memory to redact it */
	bool has_nanoseconds;
	struct wire_fault end; /* code 0, or why nothing more can be read */
	struct tap_capture_counts counts;
	struct pcap_stat seen; /* the kernel's counters when last asked: they have 32 bits */
	tap_frame_taker take;  /* during a read */
	void *context;
};

/* ---- interfaces ---- */

/* "eth0, lo, any": as many names as fit. */
static void list_interfaces(char *out, size_t size)
{
	char reason[PCAP_ERRBUF_SIZE];
	pcap_if_t *list = NULL;
	size_t len = 0;
	out[0] = '\0';
	if (pcap_findalldevs(&list, reason) != 0)
		return;
	for (const pcap_if_t *each = list; each && len < size; each = each->next)
		len += (size_t)snprintf(out + len, size - len, "%s%s", len ? ", " : "", each->name);
	pcap_freealldevs(list);
}

static int no_such_interface(const struct tap_capture *capture, struct wire_fault *fault)
{
	char names[300];
	list_interfaces(names, sizeof names);
	return wire_fault_set(fault, TAP_EINTERFACE, "%s: no such interface; there are: %s", capture->name,
			      *names ? names : "none that may be captured on");
}

static int no_permission(const struct tap_capture *capture, struct wire_fault *fault)
{
	char program[200];
	ssize_t len = readlink("/proc/self/exe", program, sizeof program - 1);
	program[len > 0 ? len : 0] = '\0';
	return wire_fault_set(fault, -EPERM,
			      "%s: no right to capture; run as root, or once: sudo setcap cap_net_raw+ep %s",
			      capture->name, len > 0 ? program : "tapedeck");
}

static int cannot_activate(const struct tap_capture *capture, int status, struct wire_fault *fault)
{
	const char *reason = pcap_geterr(capture->pcap);
	switch (status) {
	case PCAP_ERROR_NO_SUCH_DEVICE: return no_such_interface(capture, fault);
	case PCAP_ERROR_PERM_DENIED:
	case PCAP_ERROR_PROMISC_PERM_DENIED: return no_permission(capture, fault);
	default:
		return wire_fault_set(fault, TAP_EINTERFACE, "%s: %s", capture->name,
				      *reason ? reason : pcap_statustostr(status));
	}
}

static void configure(pcap_t *pcap, const struct tap_capture_options *options)
{
	uint64_t buffer_bytes = options->buffer_bytes ? options->buffer_bytes : BUFFER_BYTES;
	pcap_set_snaplen(pcap, options->snaplen && options->snaplen < SNAPLEN_MAX ? (int)options->snaplen
										  : SNAPLEN_MAX);
	pcap_set_promisc(pcap, 1);
	pcap_set_timeout(pcap, TIMEOUT_MS);
	pcap_set_buffer_size(pcap, buffer_bytes < INT_MAX ? (int)buffer_bytes : INT_MAX);
	pcap_set_tstamp_precision(pcap, PCAP_TSTAMP_PRECISION_NANO);
}

static int open_interface(struct tap_capture *capture, const struct tap_capture_options *options,
			  struct wire_fault *fault)
{
	char reason[PCAP_ERRBUF_SIZE];
	capture->pcap = pcap_create(options->interface, reason);
	if (!capture->pcap)
		return wire_fault_set(fault, TAP_EINTERFACE, "%s: %s", capture->name, reason);
	configure(capture->pcap, options);
	int status = pcap_activate(capture->pcap);
	if (status < 0)
		return cannot_activate(capture, status, fault);
	if (pcap_setnonblock(capture->pcap, 1, reason) != 0)
		return wire_fault_set(fault, TAP_EINTERFACE, "%s: %s", capture->name, reason);
	return 0;
}

/* ---- files ---- */

static int cannot_read(const struct tap_capture *capture, const char *reason, struct wire_fault *fault)
{
	int error = tap__file_error(capture->file);
	if (error)
		return wire_fault_set(fault, error, "%s: %s", capture->name, wire_error_text(error));
	return wire_fault_set(fault, TAP_ECAPTURE, "%s: not a packet capture (pcap or pcapng): %s",
			      capture->name, reason);
}

static int open_file(struct tap_capture *capture, const struct tap_capture_options *options,
		     struct wire_fault *fault)
{
	char reason[PCAP_ERRBUF_SIZE];
	FILE *stream;
	int error = tap__file_open(&capture->file, &stream, options->file, fault);
	if (error)
		return error;
	capture->pcap = pcap_fopen_offline_with_tstamp_precision(stream, PCAP_TSTAMP_PRECISION_NANO, reason);
	if (capture->pcap)
		return 0;
	error = cannot_read(capture, reason, fault);
	fclose(stream);
	return error;
}

/* ---- filter ---- */

static int set_filter(struct tap_capture *capture, const char *text, struct wire_fault *fault)
{
	struct bpf_program program;
	if (pcap_compile(capture->pcap, &program, text, 1, PCAP_NETMASK_UNKNOWN) != 0)
		return wire_fault_set(fault, TAP_EBPF, "%s: %s", capture->name, pcap_geterr(capture->pcap));
	int status = pcap_setfilter(capture->pcap, &program);
	pcap_freecode(&program);
	return status == 0
		   ? 0
		   : wire_fault_set(fault, TAP_EBPF, "%s: %s", capture->name, pcap_geterr(capture->pcap));
}

static bool compiles(struct tap_capture *capture, const char *filter)
{
	struct bpf_program program;
	if (pcap_compile(capture->pcap, &program, filter, 0, PCAP_NETMASK_UNKNOWN) != 0)
		return false;
	pcap_freecode(&program);
	return true;
}

/* libpcap does not say where it stopped: shorten the filter by words until it understands the rest. */
static void keep_understood(struct tap_capture *capture, char *filter)
{
	char *space;
	while (*filter && !compiles(capture, filter)) {
		space = strrchr(filter, ' ');
		*(space ? space : filter) = '\0';
	}
}

/* The user's filter is compiled by itself, too, so that what libpcap says of it is about the text the user wrote, and
 * so that it is one expression, whose parentheses close. */
static int check_filter(struct tap_capture *capture, const char *filter, struct wire_fault *fault)
{
	if (compiles(capture, filter))
		return 0;
	char reason[PCAP_ERRBUF_SIZE];
	snprintf(reason, sizeof reason, "%s", pcap_geterr(capture->pcap));
	char *understood = strdup(filter);
	if (understood)
		keep_understood(capture, understood);
	wire_fault_set(fault, TAP_EBPF, "filter \"%s\": %s%s%s%s", filter, reason,
		       understood && *understood ? "; understood as far as \"" : "",
		       understood ? understood : "", understood && *understood ? "\"" : "");
	free(understood);
	return TAP_EBPF;
}

/* Of a file all is counted unless something else is asked for; the kernel need not hand over what is not TCP. */
static int apply_filter(struct tap_capture *capture, const struct tap_capture_options *options,
			struct wire_fault *fault)
{
	const char *filter = options->filter && *options->filter ? options->filter : NULL;
	int error = filter ? check_filter(capture, filter, fault) : 0;
	if (error)
		return error;
	if (capture->file && options->ports_count == 0)
		return filter ? set_filter(capture, filter, fault) : 0;
	char *text = tap_capture_filter(filter, options->ports, options->ports_count,
					tap_capture_link_type(capture) == DLT_EN10MB);
	error = text ? set_filter(capture, text, fault) : wire_fault_set(fault, -ENOMEM, "out of memory");
	free(text);
	return error;
}

/* ---- the file that is written ---- */

static int cannot_write(const struct tap_capture *capture, int error, struct wire_fault *fault)
{
	return wire_fault_set(fault, error, "%s: %s", capture->writer_name, wire_error_text(error));
}

static int open_writer(struct tap_capture *capture, const char *path, struct wire_fault *fault)
{
	capture->writer_name = strdup(path);
	if (!capture->writer_name)
		return wire_fault_set(fault, -ENOMEM, "out of memory");
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return cannot_write(capture, -errno, fault);
	int error = tap_privileges_give(fd);
	FILE *stream = error ? NULL : fdopen(fd, "wb");
	if (!stream) {
		close(fd);
		return cannot_write(capture, error ? error : -ENOMEM, fault);
	}
	capture->writer = pcap_dump_fopen(capture->pcap, stream);
	if (capture->writer)
		return 0;
	fclose(stream);
	return wire_fault_set(fault, -EIO, "%s: %s", path, pcap_geterr(capture->pcap));
}

static int open_redactor(struct tap_capture *capture, struct wire_fault *fault)
{
	capture->redactor = tap_redactor_open(TAP_REDACTOR_CONNECTIONS);
	return capture->redactor ? 0 : wire_fault_set(fault, -ENOMEM, "out of memory");
}

/* What cannot be redacted is not written. */
static void write_frame(struct tap_capture *capture, const struct pcap_pkthdr *header,
			const struct tap_frame *frame)
{
	const unsigned char *bytes = frame->bytes;
	if (capture->redactor)
		bytes = tap_redactor_frame(capture->redactor, tap_capture_link_type(capture), frame);
	if (bytes)
		pcap_dump((unsigned char *)capture->writer, header, bytes);
	capture->has_unwritten |= !bytes;
}

/* Say so when a write has failed since it was opened. */
static int check_writer(const struct tap_capture *capture, struct wire_fault *fault)
{
	if (capture->has_unwritten)
		return cannot_write(capture, -ENOMEM, fault);
	if (!capture->writer || !ferror(pcap_dump_file(capture->writer)))
		return 0;
	return cannot_write(capture, errno ? -errno : -EIO, fault);
}

static int close_writer(struct tap_capture *capture, struct wire_fault *fault)
{
	if (!capture->writer)
		return 0;
	errno = 0;
	int error = pcap_dump_flush(capture->writer) == 0
			? check_writer(capture, fault)
			: cannot_write(capture, errno ? -errno : -EIO, fault);
	pcap_dump_close(capture->writer);
	return error;
}

/* ---- opening and closing ---- */

static int check_link_type(const struct tap_capture *capture, struct wire_fault *fault)
{
	int type = tap_capture_link_type(capture);
	const char *name = pcap_datalink_val_to_name(type);
	if (tap_packet_knows(type))
		return 0;
	return wire_fault_set(fault, capture->file ? TAP_ECAPTURE : TAP_EINTERFACE,
			      "%s: frames of link type %d (%s) cannot be decoded; Ethernet, Linux cooked, "
			      "loopback and raw IP can",
			      capture->name, type, name ? name : "unknown");
}

static int open_capture(struct tap_capture *capture, const struct tap_capture_options *options,
			struct wire_fault *fault)
{
	capture->name = strdup(options->interface ? options->interface : options->file);
	if (!capture->name)
		return wire_fault_set(fault, -ENOMEM, "out of memory");
	int error =
	    options->interface ? open_interface(capture, options, fault) : open_file(capture, options, fault);
	error = error ? error : check_link_type(capture, fault);
	error = error ? error : apply_filter(capture, options, fault);
	if (error)
		return error;
	capture->has_nanoseconds = pcap_get_tstamp_precision(capture->pcap) == PCAP_TSTAMP_PRECISION_NANO;
	if (!options->write_file)
		return 0;
	error = open_writer(capture, options->write_file, fault);
	return error || options->keeps_secrets ? error : open_redactor(capture, fault);
}

int tap_capture_open(struct tap_capture **capture, const struct tap_capture_options *options,
		     struct wire_fault *fault)
{
	struct tap_capture *opened = calloc(1, sizeof *opened);
	if (!opened)
		return wire_fault_set(fault, -ENOMEM, "out of memory");
	int error = open_capture(opened, options, fault);
	if (error) {
		tap_capture_close(opened, NULL);
		return error;
	}
	*capture = opened;
	return 0;
}

int tap_capture_close(struct tap_capture *capture, struct wire_fault *fault)
{
	if (!capture)
		return 0;
	int error = close_writer(capture, fault);
	if (capture->pcap)
		pcap_close(capture->pcap);
	tap_redactor_close(capture->redactor);
	free(capture->writer_name);
	free(capture->name);
	free(capture);
	return error;
}

int tap_capture_link_type(const struct tap_capture *capture)
{
	return pcap_datalink(capture->pcap);
}

int tap_capture_fd(const struct tap_capture *capture)
{
	return capture->file ? -1 : pcap_get_selectable_fd(capture->pcap);
}

/* ---- reading ---- */

static int64_t time_of(const struct tap_capture *capture, const struct pcap_pkthdr *header)
{
	int64_t seconds = header->ts.tv_sec;
	if (seconds > SECONDS_MAX || seconds < -SECONDS_MAX)
		seconds = seconds > 0 ? SECONDS_MAX : -SECONDS_MAX;
	return seconds * 1000000000 + (int64_t)header->ts.tv_usec * (capture->has_nanoseconds ? 1 : 1000);
}

static void take_packet(unsigned char *user, const struct pcap_pkthdr *header, const unsigned char *bytes)
{
	struct tap_capture *capture = (struct tap_capture *)(void *)user;
	struct tap_frame frame = {.time_ns = time_of(capture, header),
				  .bytes = bytes,
				  .captured_bytes = header->caplen,
				  .wire_bytes = header->len};
	capture->counts.frames++;
	capture->counts.bytes += header->caplen;
	if (capture->writer)
		write_frame(capture, header, &frame);
	capture->take(capture->context, &frame);
}

/* A file that ends in the middle of something, by what unpacks it or by what libpcap says. */
static bool is_cut(const struct tap_capture *capture, int status)
{
	return tap__file_state(capture->file) == TAP__FILE_CUT ||
	       (status < 0 && strncmp(pcap_geterr(capture->pcap), "truncated", strlen("truncated")) == 0);
}

/* Why a file ends where it does: 0 when that is its end. */
static int end_of_file(const struct tap_capture *capture, int status, struct wire_fault *fault)
{
	unsigned long long frames = capture->counts.frames;
	enum tap__file_state state = tap__file_state(capture->file);
	if (state == TAP__FILE_ERROR)
		return cannot_read(capture, "", fault);
	if (state == TAP__FILE_DAMAGED)
		return wire_fault_set(
		    fault, TAP_ECAPTURE,
		    "%s: after %llu frames: what is compressed is damaged and cannot be unpacked",
		    capture->name, frames);
	if (is_cut(capture, status))
		return wire_fault_set(fault, TAP_ECUT, "%s: cut off after %llu frames", capture->name,
				      frames);
	if (status < 0)
		return wire_fault_set(fault, TAP_ECAPTURE, "%s: after %llu frames: %s", capture->name, frames,
				      pcap_geterr(capture->pcap));
	return 0;
}

static int end_of_interface(const struct tap_capture *capture, int status, struct wire_fault *fault)
{
	if (status >= 0)
		return 0;
	return wire_fault_set(fault, TAP_EINTERFACE, "%s: %s", capture->name, pcap_geterr(capture->pcap));
}

static void look_for_end(struct tap_capture *capture, int status)
{
	if (check_writer(capture, &capture->end) != 0)
		return;
	if (!capture->file)
		end_of_interface(capture, status, &capture->end);
	else if (status <= 0)
		end_of_file(capture, status, &capture->end);
}

/* libpcap tells of an error once, also when it has given frames before: it is kept for the next call. */
int tap_capture_read(struct tap_capture *capture, int max, tap_frame_taker take, void *context,
		     struct wire_fault *fault)
{
	uint64_t before = capture->counts.frames;
	assert(max > 0);
	capture->take = take;
	capture->context = context;
	errno = 0;
	if (capture->end.code == 0)
		look_for_end(capture,
			     pcap_dispatch(capture->pcap, max, take_packet, (unsigned char *)capture));
	if (capture->counts.frames > before)
		return (int)(capture->counts.frames - before);
	return capture->end.code ? wire_fault_set(fault, capture->end.code, "%s", capture->end.text) : 0;
}

/* ---- counters ---- */

void tap_capture_counts(struct tap_capture *capture, struct tap_capture_counts *counts)
{
	struct pcap_stat now;
	if (!capture->file && pcap_stats(capture->pcap, &now) == 0) {
		capture->counts.kernel_drops += now.ps_drop - capture->seen.ps_drop;
		capture->counts.interface_drops += now.ps_ifdrop - capture->seen.ps_ifdrop;
		capture->seen = now;
	}
	*counts = capture->counts;
}
