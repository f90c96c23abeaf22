/* sample_conversations.h - the logs that the golden tests of `tapedeck trace` look at.
 *
 *   shop       an order that makes services call each other, with every kind of evidence, and with troubles:
 *              no answer, no listener, a dropped message, a gap, bytes that would control a terminal
 *   broken     the order of `shop` in three blocks, the second of which is damaged
 *   elsewhere  services that answer the order of `shop` on another server */
#ifndef INTEGRATION_SAMPLE_CONVERSATIONS_H
#define INTEGRATION_SAMPLE_CONVERSATIONS_H

/* Make them all in the current folder. Ends the program when that is impossible. */
void sample_conversations_write(void);

#endif
