#include "tap/capture/interface.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

/* TIMEOUT_MS: how long the kernel may keep a frame before it hands over a partly filled block. With 0
 * TPACKET_V3 would wait until the block is full, on a quiet link forever. Without blocks (libpcap's immediate
 * mode) each frame takes a slot of maximum length, and 64 MiB hold 256 frames. */
enum { TIMEOUT_MS = 20, SNAPLEN_MAX = 262144, BUFFER_BYTES = 64 << 20 };

/* Print as many names as fit: "eth0, lo, any". */
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

static int no_such_interface(const char *name, struct wire_fault *fault)
{
	char names[300];
	list_interfaces(names, sizeof names);
	return wire_fault_set(fault, TAP_EINTERFACE, "%s: no such interface; there are: %s", name,
			      *names ? names : "none that may be captured on");
}

static int no_permission(const char *name, struct wire_fault *fault)
{
	char program[200];
	ssize_t len = readlink("/proc/self/exe", program, sizeof program - 1);
	program[len > 0 ? len : 0] = '\0';
	return wire_fault_set(fault, -EPERM,
			      "%s: no right to capture; run as root, or once: sudo setcap cap_net_raw+ep %s",
			      name, len > 0 ? program : "tapedeck");
}

static int cannot_activate(pcap_t *pcap, const char *name, int status, struct wire_fault *fault)
{
	const char *reason = pcap_geterr(pcap);
	switch (status) {
	case PCAP_ERROR_NO_SUCH_DEVICE: return no_such_interface(name, fault);
	case PCAP_ERROR_PERM_DENIED:
	case PCAP_ERROR_PROMISC_PERM_DENIED: return no_permission(name, fault);
	default:
		return wire_fault_set(fault, TAP_EINTERFACE, "%s: %s", name,
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

static int activate(pcap_t *pcap, const struct tap_capture_options *options, struct wire_fault *fault)
{
	char reason[PCAP_ERRBUF_SIZE];
	configure(pcap, options);
	int status = pcap_activate(pcap);
	if (status < 0)
		return cannot_activate(pcap, options->interface, status, fault);
	if (pcap_setnonblock(pcap, 1, reason) != 0)
		return wire_fault_set(fault, TAP_EINTERFACE, "%s: %s", options->interface, reason);
	return 0;
}

int tap__interface_open(pcap_t **pcap, const struct tap_capture_options *options, struct wire_fault *fault)
{
	char reason[PCAP_ERRBUF_SIZE];
	pcap_t *opened = pcap_create(options->interface, reason);
	if (!opened)
		return wire_fault_set(fault, TAP_EINTERFACE, "%s: %s", options->interface, reason);
	int error = activate(opened, options, fault);
	if (error)
		pcap_close(opened);
	else
		*pcap = opened;
	return error;
}
