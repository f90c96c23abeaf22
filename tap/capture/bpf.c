#include "tap/capture/bpf.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tap/capture/port_filter.h"

enum { SNAPLEN = 262144, LINK_TYPES_MAX = 32 /* more than tap_packet_knows accepts */ };

/* ---- compiling ---- */

static bool compiles(pcap_t *pcap, const char *filter)
{
	struct bpf_program program;
	if (pcap_compile(pcap, &program, filter, 0, PCAP_NETMASK_UNKNOWN) != 0)
		return false;
	pcap_freecode(&program);
	return true;
}

/* libpcap does not say where the error is: remove words from the end until it understands the rest. */
static void keep_understood(pcap_t *pcap, char *filter)
{
	char *space;
	while (*filter && !compiles(pcap, filter)) {
		space = strrchr(filter, ' ');
		*(space ? space : filter) = '\0';
	}
}

/* Compile the user's filter alone, so that libpcap's message is about the user's text, and so that its
 * parentheses match. */
static int check_filter(pcap_t *pcap, const char *filter, struct wire_fault *fault)
{
	if (compiles(pcap, filter))
		return 0;
	char reason[PCAP_ERRBUF_SIZE];
	snprintf(reason, sizeof reason, "%s", pcap_geterr(pcap));
	char *understood = strdup(filter);
	if (understood)
		keep_understood(pcap, understood);
	wire_fault_set(fault, TAP_EBPF, "filter \"%s\": %s%s%s%s", filter, reason,
		       understood && *understood ? "; understood as far as \"" : "",
		       understood ? understood : "", understood && *understood ? "\"" : "");
	free(understood);
	return TAP_EBPF;
}

static int compile(pcap_t *pcap, const char *text, struct bpf_program *program, struct wire_fault *fault)
{
	if (pcap_compile(pcap, program, text, 1, PCAP_NETMASK_UNKNOWN) == 0)
		return 0;
	return wire_fault_set(fault, TAP_EBPF, "filter: %s", pcap_geterr(pcap));
}

/* Compile the filter for ports (none: all of TCP) together with the user's. */
static int compile_ports(pcap_t *pcap, const char *filter, const uint16_t *ports, size_t ports_count,
			 struct bpf_program *program, struct wire_fault *fault)
{
	char *text = tap_port_filter(filter, ports, ports_count, pcap_datalink(pcap) == DLT_EN10MB);
	int error =
	    text ? compile(pcap, text, program, fault) : wire_fault_set(fault, -ENOMEM, "out of memory");
	free(text);
	return error;
}

static const char *filter_of(const struct tap_capture_options *options)
{
	return options->filter && *options->filter ? options->filter : NULL;
}

/* ---- interfaces ---- */

int tap__bpf_install(pcap_t *pcap, const struct tap_capture_options *options, struct wire_fault *fault)
{
	struct bpf_program program;
	const char *filter = filter_of(options);
	int error = filter ? check_filter(pcap, filter, fault) : 0;
	error = error ? error
		      : compile_ports(pcap, filter, options->ports, options->ports_count, &program, fault);
	if (error)
		return error;
	int status = pcap_setfilter(pcap, &program);
	pcap_freecode(&program);
	return status == 0 ? 0
			   : wire_fault_set(fault, TAP_EBPF, "%s: %s", options->interface, pcap_geterr(pcap));
}

/* ---- files ---- */

/* BSD loopback begins with an address family, whose value and byte order depend on the capturing system. The
 * raw IP packet after it is filtered. */
static bool is_loopback(int link_type)
{
	return link_type == DLT_NULL || link_type == DLT_LOOP;
}

static int filtered_link_type(int link_type)
{
	return is_loopback(link_type) ? DLT_RAW : link_type;
}

static uint32_t skipped_bytes(const struct tap_frame *frame)
{
	enum { LOOPBACK_BYTES = 4 };
	return is_loopback(frame->link_type) && frame->captured_bytes >= LOOPBACK_BYTES ? LOOPBACK_BYTES : 0;
}

struct compiled {
	int link_type;
	struct bpf_program program;
};

struct tap__bpf {
	char *filter; /* NULL = none */
	uint16_t *ports;
	size_t ports_count;
	struct compiled compiled[LINK_TYPES_MAX];
	unsigned len;
};

static int compile_for(const struct tap__bpf *bpf, pcap_t *pcap, struct bpf_program *program,
		       struct wire_fault *fault)
{
	int error = bpf->filter ? check_filter(pcap, bpf->filter, fault) : 0;
	if (error)
		return error;
	return bpf->ports_count == 0
		   ? compile(pcap, bpf->filter, program, fault)
		   : compile_ports(pcap, bpf->filter, bpf->ports, bpf->ports_count, program, fault);
}

static int add_link_type(struct tap__bpf *bpf, int link_type, struct wire_fault *fault)
{
	struct compiled *compiled = &bpf->compiled[bpf->len];
	pcap_t *pcap = pcap_open_dead(link_type, SNAPLEN);
	assert(bpf->len < LINK_TYPES_MAX);
	if (!pcap)
		return wire_fault_set(fault, -ENOMEM, "out of memory");
	int error = compile_for(bpf, pcap, &compiled->program, fault);
	pcap_close(pcap);
	compiled->link_type = link_type;
	bpf->len += error == 0;
	return error;
}

static bool copy_options(struct tap__bpf *bpf, const struct tap_capture_options *options)
{
	const char *filter = filter_of(options);
	size_t bytes = options->ports_count * sizeof *options->ports;
	bpf->filter = filter ? strdup(filter) : NULL;
	bpf->ports = bytes ? malloc(bytes) : NULL;
	if ((filter && !bpf->filter) || (bytes && !bpf->ports))
		return false;
	if (bytes)
		memcpy(bpf->ports, options->ports, bytes);
	bpf->ports_count = options->ports_count;
	return true;
}

int tap__bpf_open(struct tap__bpf **bpf, const struct tap_capture_options *options, int link_type,
		  struct wire_fault *fault)
{
	*bpf = NULL;
	if (!filter_of(options) && options->ports_count == 0)
		return 0;
	struct tap__bpf *opened = calloc(1, sizeof *opened);
	if (!opened)
		return wire_fault_set(fault, -ENOMEM, "out of memory");
	int error = copy_options(opened, options) ? 0 : wire_fault_set(fault, -ENOMEM, "out of memory");
	if (!error && tap_packet_knows(link_type))
		error = add_link_type(opened, filtered_link_type(link_type), fault);
	if (error)
		tap__bpf_close(opened);
	else
		*bpf = opened;
	return error;
}

void tap__bpf_close(struct tap__bpf *bpf)
{
	if (!bpf)
		return;
	for (unsigned i = 0; i < bpf->len; i++)
		pcap_freecode(&bpf->compiled[i].program);
	free(bpf->filter);
	free(bpf->ports);
	free(bpf);
}

static const struct compiled *find(const struct tap__bpf *bpf, int link_type)
{
	for (unsigned i = 0; i < bpf->len; i++)
		if (bpf->compiled[i].link_type == link_type)
			return &bpf->compiled[i];
	return NULL;
}

int tap__bpf_passes(struct tap__bpf *bpf, const struct tap_frame *frame, struct wire_fault *fault)
{
	uint32_t skipped = skipped_bytes(frame);
	int link_type = filtered_link_type(frame->link_type);
	const struct pcap_pkthdr header = {.caplen = frame->captured_bytes - skipped,
					   .len = frame->wire_bytes};
	const struct compiled *compiled = find(bpf, link_type);
	if (!compiled && !tap_packet_knows(link_type))
		return 1;
	if (!compiled) {
		int error = add_link_type(bpf, link_type, fault);
		if (error)
			return error;
		compiled = find(bpf, link_type);
	}
	return pcap_offline_filter(&compiled->program, &header, frame->bytes + skipped) != 0;
}
