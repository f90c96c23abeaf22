/* delays.h - how late deliveries are at one server. Internal to tap.
 *
 * A server that has more work than it can do delivers later and later, because all before it waits in its input. The least
 * delay of the last seconds is what the way to the server and back takes; what a delivery takes longer, it has waited. */
#ifndef TAP_SESSION_DELAYS_H
#define TAP_SESSION_DELAYS_H

#include <stdbool.h>
#include <stdint.h>

struct tap__delays {
	int64_t least_ns, least_before_ns; /* in this period and in the one before; INT64_MAX = no delivery */
	int64_t period_ns;                 /* its beginning */
	int64_t behind_ns;                 /* when a delivery last had waited; INT64_MIN = never */
};

void tap__delays_init(struct tap__delays *delays);

/* A delivery was seen at now_ns, delay_ns after its message. */
void tap__delays_add(struct tap__delays *delays, int64_t delay_ns, int64_t now_ns);

/* A delivery came so late that its message has left. */
void tap__delays_add_missed(struct tap__delays *delays, int64_t now_ns);

/* Did deliveries have to wait just before now_ns? */
bool tap__delays_are_behind(const struct tap__delays *delays, int64_t now_ns);

#endif
