/* sample_platform.h - the log that docs/cookbook.md asks: a small shop, today and the day before; the same events every time.
 *
 * Orders come from a gateway; two `orders` (a queue group) ask stock and billing, and say what was paid; mail, audit and a
 * dashboard listen. Ten minutes of 2026-11-22 from 14:00, fifteen of 2026-11-23 from 13:55 UTC, with what goes wrong at a shop: slow
 * and failing charges, requests without answer or responder, a duplicate, messages that nobody hears, a consumer that is cut
 * off, a deployment that somebody marked. Order 4711 comes at 14:03. */
#ifndef INTEGRATION_SAMPLE_PLATFORM_H
#define INTEGRATION_SAMPLE_PLATFORM_H

/* Make the log `log` in the current folder. Ends the program when that is impossible. */
void sample_platform_write(void);

#endif
