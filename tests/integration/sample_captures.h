/* sample_captures.h - packet captures for the golden tests of the reading commands, the same bytes every time: one for
 * each difficulty of captures, each with the same small story unless its name says otherwise. */
#ifndef INTEGRATION_SAMPLE_CAPTURES_H
#define INTEGRATION_SAMPLE_CAPTURES_H

/* Make them all in a folder `captures` of the current one. Ends the program when that is impossible. */
void sample_captures_write(void);

#endif
