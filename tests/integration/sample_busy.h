/* sample_busy.h - the log that the tests of `top` look at, and one that would drive the terminal; the same events every time.
 *
 *   busy     a minute: checkout asks stock and billing, some requests to billing have no reply; ticks to a wall board that is
 *            cut off; prices that nobody hears; an error; at the end a gap
 *   hostile  a client, a subject and a payload with escape sequences */
#ifndef INTEGRATION_SAMPLE_BUSY_H
#define INTEGRATION_SAMPLE_BUSY_H

/* Make them in the current folder. Ends the program when that is impossible. */
void sample_busy_write(void);

#endif
