/* sample_attacks.h - a log whose texts would be markup, script or syntax in the formats that pictures are made of.
 *
 *   attacks    every text that comes from outside, each tried with every attack; a request whose reply is one; 100 clients
 *   large      a payload of 64 MiB, and a header block of 1 MiB */
#ifndef INTEGRATION_SAMPLE_ATTACKS_H
#define INTEGRATION_SAMPLE_ATTACKS_H

/* Make them in the current folder. Ends the program when that is impossible. */
void sample_attacks_write(void);

#endif
