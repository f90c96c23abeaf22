/* write_samples - write the sample logs and captures into the current folder, for tests in other languages. */
#include "sample_captures.h"
#include "sample_logs.h"

int main(void)
{
	sample_logs_write();
	sample_captures_write();
	return 0;
}
