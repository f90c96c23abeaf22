/* interface.h - open a network interface for capturing, through libpcap. Internal to tap. */
#ifndef TAP_CAPTURE_INTERFACE_H
#define TAP_CAPTURE_INTERFACE_H

#include <pcap/pcap.h>

#include "tap/capture/capture.h"
#include "wire/error.h"

/* Open options->interface for capturing. Reads from it never wait. 0 with *pcap, to be closed by the caller; or
 * a negative code with *fault, which names the available interfaces or the missing right. */
int tap__interface_open(pcap_t **pcap, const struct tap_capture_options *options, struct wire_fault *fault);

#endif
