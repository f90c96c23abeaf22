/* sample_conversations.h - the logs that the golden tests of `tapedeck trace` look at.
 *
 *   shop       an order that makes services call each other, with every kind of evidence, and with troubles: nobody
 *              answers, nobody listens, a message is dropped, a gap, bytes that would drive a terminal
 *   broken     the order of `shop` in three blocks, the second of which is damaged
 *   elsewhere  services that answer the order of `shop` on another server */
#ifndef INTEGRATION_SAMPLE_CONVERSATIONS_H
#define INTEGRATION_SAMPLE_CONVERSATIONS_H

/* Make them all in the current folder. Ends the program when that is impossible. */
void sample_conversations_write(void);

#endif
