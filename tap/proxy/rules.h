/* rules.h - the rules for INFO, from the options of the proxy. Internal to tap. */
#ifndef TAP_PROXY_RULES_H
#define TAP_PROXY_RULES_H

#include "tap/proxy/info_rewrite.h"
#include "wire/error.h"

/* Read URLs of further proxies and translations "A=B"; both lists end with NULL. 0, or a negative code with *fault; to be
 * ended with tap__rules_fini in either case. */
int tap__rules_init(struct tap__info_rules *rules, const char *const *advertise, const char *const *maps,
		    struct wire_fault *fault);
void tap__rules_fini(struct tap__info_rules *rules);

#endif
