/* libnats_error.h - the texts of libnats' errors. Inside this folder. */
#ifndef NET_CLIENT_LIBNATS_ERROR_H
#define NET_CLIENT_LIBNATS_ERROR_H

#include <nats/nats.h>

/* The text of libnats' last error in this thread, without the place in its source; that of the status if there is none.
 * Never NULL. */
const char *net__libnats_error(natsStatus status);

#endif
