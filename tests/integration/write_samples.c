/* write_samples - write sample logs and captures into the current folder, for tests in other languages.
 *
 *   write_samples              those of sample_logs.h, sample_captures.h and sample_busy.h
 *   write_samples platform     that of sample_platform.h
 *   write_samples services     those of sample_services.h and sample_conversations.h
 *   write_samples attacks      those of sample_attacks.h */
#include <string.h>

#include "sample_attacks.h"
#include "sample_busy.h"
#include "sample_captures.h"
#include "sample_conversations.h"
#include "sample_logs.h"
#include "sample_platform.h"
#include "sample_services.h"

int main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "platform") == 0) {
		sample_platform_write();
		return 0;
	}
	if (argc > 1 && strcmp(argv[1], "services") == 0) {
		sample_services_write();
		sample_conversations_write();
		return 0;
	}
	if (argc > 1 && strcmp(argv[1], "attacks") == 0) {
		sample_attacks_write();
		return 0;
	}
	sample_logs_write();
	sample_busy_write();
	sample_captures_write();
	return 0;
}
