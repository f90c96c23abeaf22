/* sample_logs.h - the logs that the golden tests of the reading commands look at; the same bytes of events
 * every time.
 *
 *   log       a shop's messages, requests, a slow consumer, an error, a gap; closed by its writer
 *   first     orders, ticks and requests
 *   again     the same, recorded again: other times, connections and inboxes
 *   second    likewise, but an order is missing and one changed, ticks are swapped, a reply is wrong and all are late
 *   partly    facts that a recording may lack or hide: unknown publishers and receivers, delivery times, masked
 *             payloads; two connections with accounts
 *   masked    as first, with payloads and headers masked when it was recorded
 *   restarted 16 minutes of orders and invoices; the recorder was down for 5 of them, and the clock was set back an hour
 *   other     two messages whose times lie between those of log
 *   damaged   three blocks, the second with a flipped bit
 *   newer     a segment of version 2
 *   empty     a log without events
 *   foreign   a folder with other files in it */
#ifndef INTEGRATION_SAMPLE_LOGS_H
#define INTEGRATION_SAMPLE_LOGS_H

/* Make them all in the current folder. Ends the program when that is impossible. */
void sample_logs_write(void);

#endif
