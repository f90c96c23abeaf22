/* late.h - deliveries that were seen after their message: they wait until the packets before them are written. Internal to
 * export/pcapng.
 *
 * The packets of a file are in order of time, and those of a connection in the order of its sequence numbers. A delivery with a
 * time of its own is therefore kept until an event is as late, or until it must leave: its connection ends, the clock steps
 * back, or too much is kept. Then it has the time of that event. */
#ifndef EXPORT_PCAPNG_LATE_H
#define EXPORT_PCAPNG_LATE_H

#include "export/pcapng/tcp.h"

/* The longest delay, less than readers wait for the deliveries of a message (tap/session/join.h). */
#define EXPORT__LATE_MAX_NS INT64_C(49999999)

struct export__late {
	struct export__late_data *heap; /* owned; the earliest first */
	size_t count, cap, bytes;
	uint64_t kept; /* so far */
};

void export__late_fini(struct export__late *late);

/* Room for one more of so many bytes? */
bool export__late_has_room(const struct export__late *late, size_t bytes);

/* Keep a copy of what the server sends to the connection at data->time_ns; a piece of unknown bytes may stand before the last
 * one only. 0 or -ENOMEM. */
int export__late_keep(struct export__late *late, struct export__connection *connection,
		      const struct export__data *data);

/* Send what is due by then. Connections stay valid. Hot when nothing is kept. */
void export__late_send(struct export__late *late, struct export__connections *connections,
		       struct export__tcp *tcp, int64_t until_ns);

/* Send all, with times that are not after now_ns. */
void export__late_send_all(struct export__late *late, struct export__connections *connections,
			   struct export__tcp *tcp, int64_t now_ns);

#endif
