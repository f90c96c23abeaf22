/* sample_services.h - the logs that the golden tests of latencies and topology look at; the same events every time.
 *
 *   services    a gateway asks billing (a queue group of two, one of them slow) and stock; events to audit; a request that
 *               nobody answers, one that nobody gets, one that two answer; delivery times in the first minute; a clock
 *               that is set back an hour; a gap soon after a request; subjects that nobody hears and a subscription that
 *               nobody feeds
 *   elsewhere   the same connections' numbers with other names, and a reply to a request of `services`
 *   hostile     names of clients and a subject that would drive the terminal */
#ifndef INTEGRATION_SAMPLE_SERVICES_H
#define INTEGRATION_SAMPLE_SERVICES_H

/* Make them in the current folder. Ends the program when that is impossible. */
void sample_services_write(void);

#endif
