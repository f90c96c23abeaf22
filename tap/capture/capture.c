#include "tap/capture/capture.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tap/capture/bpf.h"
#include "tap/capture/file_reader.h"
#include "tap/capture/interface.h"
#include "tap/capture/privileges.h"
#include "tap/capture/redactor.h"

enum { WRITTEN_SNAPLEN = 262144 };

/* Frames come from an interface or from a file reader. */
struct tap_capture {
	char *name;                      /* interface or file, for messages */
	pcap_t *pcap;                    /* the interface; for a file, describes the file that is written */
	struct tap__file_reader *reader; /* NULL: an interface */
	struct tap__bpf *bpf;            /* of a file; NULL: every frame passes */
	pcap_dumper_t *writer;
	char *writer_name;
	struct tap_redactor *redactor; /* NULL: frames are written as they are */
	bool is_piped;                 /* frames are written as soon as they are read */
	bool has_unwritten;            /* a frame was not written, for lack of memory to redact it */
	int write_error;               /* the first one; 0 = none */
	bool has_nanoseconds;
	struct wire_fault end; /* why nothing more can be read; code 0 while more can be */
	struct tap_capture_counts counts;
	struct pcap_stat seen; /* the kernel's counters when last read; they have 32 bits */
	tap_frame_taker take;  /* during a read */
	void *context;
	tap_drops_taker take_drops; /* may be NULL */
	void *drops_context;
};

/* ---- the file that is written ---- */

static int cannot_write(const struct tap_capture *capture, int error, struct wire_fault *fault)
{
	return wire_fault_set(fault, error, "%s: %s", capture->writer_name, wire_error_text(error));
}

/* A descriptor to write to; or a negative errno. */
static int open_new_file(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	int error = fd < 0 ? -errno : tap_privileges_give(fd);
	if (error && fd >= 0)
		close(fd);
	return error ? error : fd;
}

static int open_writer(struct tap_capture *capture, const struct tap_capture_options *options,
		       struct wire_fault *fault)
{
	capture->is_piped = options->write_fd > 0;
	capture->writer_name = strdup(capture->is_piped ? "standard output" : options->write_file);
	if (!capture->writer_name)
		return wire_fault_set(fault, -ENOMEM, "out of memory");
	int fd = capture->is_piped ? options->write_fd : open_new_file(options->write_file);
	if (fd < 0)
		return cannot_write(capture, fd, fault);
	FILE *stream = fdopen(fd, "wb");
	if (!stream) {
		close(fd);
		return cannot_write(capture, -ENOMEM, fault);
	}
	capture->writer = pcap_dump_fopen(capture->pcap, stream);
	if (capture->writer)
		return 0;
	fclose(stream);
	return wire_fault_set(fault, -EIO, "%s: %s", capture->writer_name, pcap_geterr(capture->pcap));
}

static int open_redactor(struct tap_capture *capture, struct wire_fault *fault)
{
	capture->redactor = tap_redactor_open(TAP_REDACTOR_CONNECTIONS);
	return capture->redactor ? 0 : wire_fault_set(fault, -ENOMEM, "out of memory");
}

/* A frame that cannot be redacted is not written. */
static void put_frame(struct tap_capture *capture, const struct pcap_pkthdr *header,
		      const struct tap_frame *frame)
{
	const unsigned char *bytes = frame->bytes;
	if (capture->redactor)
		bytes = tap_redactor_frame(capture->redactor, frame);
	if (bytes)
		pcap_dump((unsigned char *)capture->writer, header, bytes);
	capture->has_unwritten |= !bytes;
}

/* Report a write that has failed: with its first error, which later calls of stdio do not repeat. */
static int check_writer(struct tap_capture *capture, struct wire_fault *fault)
{
	if (capture->has_unwritten)
		return cannot_write(capture, -ENOMEM, fault);
	if (!capture->writer || !ferror(pcap_dump_file(capture->writer)))
		return 0;
	if (capture->write_error == 0)
		capture->write_error = errno ? -errno : -EIO;
	return cannot_write(capture, capture->write_error, fault);
}

static int close_writer(struct tap_capture *capture, struct wire_fault *fault)
{
	if (!capture->writer)
		return 0;
	errno = 0;
	(void)pcap_dump_flush(capture->writer);
	int error = check_writer(capture, fault);
	pcap_dump_close(capture->writer);
	return error;
}

/* ---- opening and closing ---- */

static int refuse_link_type(const struct tap_capture *capture, int type, struct wire_fault *fault)
{
	const char *name = pcap_datalink_val_to_name(type);
	return wire_fault_set(fault, capture->reader ? TAP_ECAPTURE : TAP_EINTERFACE,
			      "%s: frames of link type %d (%s) cannot be decoded; Ethernet, Linux cooked, "
			      "loopback, PPP and raw IP can",
			      capture->name, type, name ? name : "unknown");
}

static int open_interface(struct tap_capture *capture, const struct tap_capture_options *options,
			  struct wire_fault *fault)
{
	int error = tap__interface_open(&capture->pcap, options, fault);
	if (error)
		return error;
	if (!tap_packet_knows(pcap_datalink(capture->pcap)))
		return refuse_link_type(capture, pcap_datalink(capture->pcap), fault);
	capture->has_nanoseconds = pcap_get_tstamp_precision(capture->pcap) == PCAP_TSTAMP_PRECISION_NANO;
	return tap__bpf_install(capture->pcap, options, fault);
}

static void count_drops(void *context, const struct tap_drops *drops)
{
	struct tap_capture *capture = context;
	capture->counts.kernel_drops += drops->kernel;
	capture->counts.interface_drops += drops->interface;
	capture->counts.either_drops += drops->either;
	if (capture->take_drops)
		capture->take_drops(capture->drops_context, drops);
}

/* Later frames of a pcapng file may have other link types. */
static int open_file(struct tap_capture *capture, const struct tap_capture_options *options,
		     struct wire_fault *fault)
{
	int error = tap__file_reader_open(&capture->reader, options->file, fault);
	if (error)
		return error;
	int link_type = tap__file_reader_link_type(capture->reader);
	if (tap__file_reader_is_classic(capture->reader) && !tap_packet_knows(link_type))
		return refuse_link_type(capture, link_type, fault);
	tap__file_reader_on_drops(capture->reader, count_drops, capture);
	tap__file_reader_report(capture->reader, options->progress);
	error = tap__bpf_open(&capture->bpf, options, link_type, fault);
	if (error || !options->write_file)
		return error;
	capture->has_nanoseconds = true;
	capture->pcap = pcap_open_dead_with_tstamp_precision(link_type < 0 ? DLT_EN10MB : link_type,
							     WRITTEN_SNAPLEN, PCAP_TSTAMP_PRECISION_NANO);
	return capture->pcap ? 0 : wire_fault_set(fault, -ENOMEM, "out of memory");
}

static int open_capture(struct tap_capture *capture, const struct tap_capture_options *options,
			struct wire_fault *fault)
{
	capture->name = strdup(options->interface ? options->interface : options->file);
	if (!capture->name)
		return wire_fault_set(fault, -ENOMEM, "out of memory");
	int error =
	    options->interface ? open_interface(capture, options, fault) : open_file(capture, options, fault);
	if (error)
		return error;
	if (!options->write_file)
		return 0;
	error = open_writer(capture, options, fault);
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
	tap__bpf_close(capture->bpf);
	tap__file_reader_close(capture->reader);
	tap_redactor_close(capture->redactor);
	free(capture->writer_name);
	free(capture->name);
	free(capture);
	return error;
}

void tap_capture_on_drops(struct tap_capture *capture, tap_drops_taker take, void *context)
{
	capture->take_drops = take;
	capture->drops_context = context;
}

const char *tap_capture_name(const struct tap_capture *capture)
{
	return capture->name;
}

int tap_capture_fd(const struct tap_capture *capture)
{
	return capture->reader ? -1 : pcap_get_selectable_fd(capture->pcap);
}

/* ---- reading ---- */

static void give(struct tap_capture *capture, const struct tap_frame *frame)
{
	capture->counts.frames++;
	capture->counts.bytes += frame->captured_bytes;
	capture->take(capture->context, frame);
}

static void take_packet(unsigned char *user, const struct pcap_pkthdr *header, const unsigned char *bytes)
{
	struct tap_capture *capture = (struct tap_capture *)(void *)user;
	int64_t part_ns = (int64_t)header->ts.tv_usec * (capture->has_nanoseconds ? 1 : 1000);
	struct tap_frame frame = {.time_ns = (int64_t)header->ts.tv_sec * 1000000000 + part_ns,
				  .bytes = bytes,
				  .captured_bytes = header->caplen,
				  .wire_bytes = header->len,
				  .link_type = pcap_datalink(capture->pcap)};
	if (capture->writer)
		put_frame(capture, header, &frame);
	give(capture, &frame);
}

static void read_interface(struct tap_capture *capture, int max)
{
	int status = pcap_dispatch(capture->pcap, max, take_packet, (unsigned char *)capture);
	if (status < 0)
		wire_fault_set(&capture->end, TAP_EINTERFACE, "%s: %s", capture->name,
			       pcap_geterr(capture->pcap));
}

static int refuse_to_mix(const struct tap_capture *capture, int link_type, struct wire_fault *fault)
{
	const char *first = pcap_datalink_val_to_name(pcap_datalink(capture->pcap));
	const char *other = pcap_datalink_val_to_name(link_type);
	return wire_fault_set(
	    fault, TAP_ECAPTURE,
	    "%s: a pcap file has frames of one link type, but %s has both %s and %s; read it "
	    "without -w",
	    capture->writer_name, capture->name, first ? first : "an unknown one",
	    other ? other : "an unknown one");
}

/* 0, or a negative code with *fault. */
static int write_frame(struct tap_capture *capture, const struct tap_frame *frame, struct wire_fault *fault)
{
	int64_t seconds = frame->time_ns / 1000000000, part_ns = frame->time_ns % 1000000000;
	if (frame->link_type != pcap_datalink(capture->pcap))
		return refuse_to_mix(capture, frame->link_type, fault);
	if (part_ns < 0) {
		seconds--;
		part_ns += 1000000000;
	}
	const struct pcap_pkthdr header = {.ts = {.tv_sec = seconds, .tv_usec = part_ns},
					   .caplen = frame->captured_bytes,
					   .len = frame->wire_bytes};
	put_frame(capture, &header, frame);
	return 0;
}

/* Read a frame of the file. 1; 0 at its end; or a negative code with *fault. */
static int read_frame(struct tap_capture *capture, struct wire_fault *fault)
{
	struct tap_frame frame;
	int status = tap__file_reader_next(capture->reader, &frame, fault);
	if (status <= 0)
		return status;
	int passes = capture->bpf ? tap__bpf_passes(capture->bpf, &frame, fault) : 1;
	int error = passes > 0 && capture->writer ? write_frame(capture, &frame, fault) : 0;
	if (passes < 0 || error)
		return passes < 0 ? passes : error;
	if (passes)
		give(capture, &frame);
	return 1;
}

static void read_file(struct tap_capture *capture, int max)
{
	uint64_t until = capture->counts.frames + (uint64_t)max;
	int status = 1;
	while (status > 0 && capture->counts.frames < until)
		status = read_frame(capture, &capture->end);
}

/* An error is returned by the call after the one that gave the last frames. */
int tap_capture_read(struct tap_capture *capture, int max, tap_frame_taker take, void *context,
		     struct wire_fault *fault)
{
	uint64_t before = capture->counts.frames;
	assert(max > 0);
	capture->take = take;
	capture->context = context;
	errno = 0;
	if (capture->end.code == 0 && capture->reader)
		read_file(capture, max);
	else if (capture->end.code == 0)
		read_interface(capture, max);
	if (capture->end.code == 0 && capture->is_piped)
		pcap_dump_flush(capture->writer);
	if (capture->end.code == 0)
		check_writer(capture, &capture->end);
	if (capture->counts.frames > before)
		return (int)(capture->counts.frames - before);
	return capture->end.code ? wire_fault_set(fault, capture->end.code, "%s", capture->end.text) : 0;
}

/* ---- counters ---- */

void tap_capture_counts(struct tap_capture *capture, struct tap_capture_counts *counts)
{
	struct pcap_stat now;
	if (!capture->reader && pcap_stats(capture->pcap, &now) == 0) {
		capture->counts.kernel_drops += now.ps_drop - capture->seen.ps_drop;
		capture->counts.interface_drops += now.ps_ifdrop - capture->seen.ps_ifdrop;
		capture->seen = now;
	}
	*counts = capture->counts;
}
