/* pcapng.h - the format pcapng: the recorded messages as packets, for Wireshark, tshark and whatever reads captures.
 *
 * The connections between clients and server are synthesised (docs/exporting.md, "pcapng"). Each packet's comment names the
 * event of the log that it is of. `tapedeck sniff -r` reads the same messages back. */
#ifndef EXPORT_PCAPNG_PCAPNG_H
#define EXPORT_PCAPNG_PCAPNG_H

#include "export/format.h"

/* 0 with *writer, to be closed by the caller; or -ENOMEM with *fault. Borrows out. */
int export_pcapng_open(struct export_writer **writer, struct export_out *out, struct wire_fault *fault);

#endif
