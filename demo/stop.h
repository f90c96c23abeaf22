/* stop.h - the end of a process: at SIGTERM, which is waited for and never interrupts anything. */
#ifndef DEMO_STOP_H
#define DEMO_STOP_H

#include <stdbool.h>
#include <stdint.h>

/* Block SIGTERM and SIGINT; before the first thread is created. */
void demo_stop_init(void);

/* Wait for a signal to stop, at most that long (negative = for ever). True when it came. SIGINT counts when
 * `at_interrupt`; roles ignore it, since the supervisor gets it too and ends them in order. */
bool demo_stop_wait(int64_t ns, bool at_interrupt);

#endif
