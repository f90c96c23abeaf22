/* write_samples - write the sample logs into the current folder, for tests in other languages. */
#include "sample_busy.h"
#include "sample_logs.h"

int main(void)
{
	sample_logs_write();
	sample_busy_write();
	return 0;
}
