/* late.h - deliveries that were seen after their message: they wait until the packets before them are written. Internal to
 * export/pcapng.
 *
 * The packets of a file are in order of time, and those of a connection in the order of its sequence numbers. A delivery with a
 * time of its own is therefore kept until an event is as late, or until it must leave: its connection ends, the clock steps
 * back, too much is kept, or a message with the same content is published, from which readers could not tell it. Then it has
 * the time of that event. */
#ifndef EXPORT_PCAPNG_LATE_H
#define EXPORT_PCAPNG_LATE_H

#include "export/pcapng/tcp.h"

/* The longest delay, less than readers wait for the deliveries of a message (tap/session/join.h). */
#define EXPORT__LATE_MAX_NS INT64_C(49999999)

enum { EXPORT__LATE_CONTENTS = 1024 };

struct export__late {
	struct export__late_data *heap; /* owned; the earliest first */
	size_t count, cap, bytes;
	uint64_t kept;                            /* so far */
	uint32_t contents[EXPORT__LATE_CONTENTS]; /* how many are kept, by the hash of their content */
};

void export__late_fini(struct export__late *late);

/* Room for one more of so many bytes? */
bool export__late_has_room(const struct export__late *late, size_t bytes);

/* Keep a copy of what the server sends to the connection at data->time_ns; a piece of unknown bytes may stand before the last
 * one only. content: a hash of the message. 0 or -ENOMEM. */
int export__late_keep(struct export__late *late, struct export__connection *connection,
		      const struct export__data *data, uint64_t content);

/* Is such a message kept? Sometimes true when it is not. */
static inline bool export__late_has(const struct export__late *late, uint64_t content)
{
	return late->contents[content % EXPORT__LATE_CONTENTS] > 0;
}

/* Send what is due by then. Connections stay valid. Hot when nothing is kept. */
void export__late_send(struct export__late *late, struct export__connections *connections,
		       struct export__tcp *tcp, int64_t until_ns);

/* Send all, with times that are not after now_ns. */
void export__late_send_all(struct export__late *late, struct export__connections *connections,
			   struct export__tcp *tcp, int64_t now_ns);

#endif
