/* dump_folder.h - the files of `nats sub --dump=FOLDER`: N.json and N_reply.json, a message each. Only regular files count. */
#ifndef EXPORT_IMPORT_DUMP_FOLDER_H
#define EXPORT_IMPORT_DUMP_FOLDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/error.h"

/* Zeroed = no files. */
struct export__dump_folder {
	struct export__dump_file {
		uint64_t number;
		bool is_reply;
		char *path; /* owned */
	} * list;           /* in the order of the numbers, a reply after its request */
	size_t len, cap, at;
};

/* There is such a file in the folder, and no segment of a log. */
bool export__dump_folder_is(const char *path);

/* List the files. 0, or a negative code with *fault. In either case call export__dump_folder_fini. */
int export__dump_folder_init(struct export__dump_folder *folder, const char *path, struct wire_fault *fault);
void export__dump_folder_fini(struct export__dump_folder *folder);

/* The path of the next file, NULL after the last one. Valid until fini. */
const char *export__dump_folder_next(struct export__dump_folder *folder);

#endif
