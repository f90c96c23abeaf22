/* writer_thread.h - the thread of a writer: writes submitted batches, syncs, and does what time makes due. Internal to
 * store. */
#ifndef STORE_WRITE_WRITER_THREAD_H
#define STORE_WRITE_WRITER_THREAD_H

/* The thread's function; context is the writer. Returns NULL once the writer is closing and every submitted batch is
 * written. */
void *store__writer_thread_run(void *context);

#endif
