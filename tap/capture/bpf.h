/* bpf.h - compiled libpcap filters: for an interface, and for each link type of a file. Internal to tap. */
#ifndef TAP_CAPTURE_BPF_H
#define TAP_CAPTURE_BPF_H

#include <pcap/pcap.h>

#include "tap/capture/capture.h"
#include "wire/error.h"

/* Set the kernel's filter from the options (filter, ports). Without ports it passes all that may be TCP. 0, or
 * a negative code with *fault, which says how far libpcap understood the user's filter. */
int tap__bpf_install(pcap_t *pcap, const struct tap_capture_options *options, struct wire_fault *fault);

struct tap__bpf;

/* Prepare the filter for a file whose first frames have this link type (DLT_…). Copies the options it needs. 0
 * with *bpf, to be closed by the caller; NULL when every frame passes. Or a negative code with *fault. */
int tap__bpf_open(struct tap__bpf **bpf, const struct tap_capture_options *options, int link_type,
		  struct wire_fault *fault);
void tap__bpf_close(struct tap__bpf *bpf); /* may be NULL */

/* Does a frame pass? 1 or 0, or a negative code with *fault when the filter is invalid for its link type.
 * Frames of link types that cannot be decoded pass, so that they are counted. */
int tap__bpf_passes(struct tap__bpf *bpf, const struct tap_frame *frame, struct wire_fault *fault);

#endif
