#include "sample_log.h"

#include "store/write/producer.h"
#include "support/fail.h"

void sample_log_write(const char *dir, void (*fill)(struct store_batch *batch))
{
	struct store_writer_options options;
	struct store_writer *writer;
	struct wire_fault fault;

	store_writer_options_init(&options);
	if (store_writer_open(&writer, dir, &options, &fault) != 0)
		support_fail("%s", fault.text);
	struct store_producer *producer = store_producer_open(writer, NULL, NULL);
	struct store_batch *batch = store_producer_batch(producer);
	fill(batch);
	store_producer_submit(producer, batch);
	store_producer_close(producer);
	store_writer_close(writer);
}
