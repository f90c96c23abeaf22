/* sample_services.h - the log that the golden tests of latencies and topology look at; the same events every time.
 *
 *   services    a gateway asks billing (a queue group of two, one of them slow) and stock; events to audit; a request
 *               without an answer, one without a receiver, one with two answers; delivery times in the first minute; a
 *               clock that is set back an hour; a gap soon after a request; subjects without subscribers and a
 *               subscription without messages
 *   elsewhere   the same connections' numbers with other names, and a reply to a request of `services` */
#ifndef INTEGRATION_SAMPLE_SERVICES_H
#define INTEGRATION_SAMPLE_SERVICES_H

/* Make them in the current folder. Ends the program when that is impossible. */
void sample_services_write(void);

#endif
