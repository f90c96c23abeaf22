/* interfaces.h - the network interfaces of this machine that can be captured on. */
#ifndef TAP_CAPTURE_INTERFACES_H
#define TAP_CAPTURE_INTERFACES_H

#include <stdbool.h>

#include "wire/error.h"

struct tap_interface {
	const char *name;
	char addresses[400]; /* "10.0.0.7, fe80::1"; those that do not fit are left out */
	bool is_any;         /* all interfaces at once */
	bool is_up;
	bool has_link; /* a cable, a network; as far as the interface can tell */
};

/* Call `take` for each interface, in libpcap's order; it is valid during the call. 0, or TAP_EINTERFACE with *fault. */
int tap_interfaces_list(void (*take)(void *context, const struct tap_interface *interface), void *context,
			struct wire_fault *fault);

/* This process may capture. 0, or a negative code with *fault, which says how it may. */
int tap_interfaces_check_right(struct wire_fault *fault);

#endif
