#include "export/decode/command.h"

#include <errno.h>
#include <stdlib.h>

struct entry {
	char *subject; /* owned */
	size_t subject_len;
	uint64_t used; /* when, counted in payloads */
	struct export__child child;
};

struct export__command {
	char *text; /* owned */
	enum export__framing framing;
	bool is_by_subject;
	struct entry entries[EXPORT__CHILDREN_MAX];
	size_t len;
	uint64_t payloads;
	struct export_out scratch; /* a payload as a line */
	struct wire_fault failure; /* code 0: none */
};

struct export__command *export__command_open(const char *text, enum export__framing framing)
{
	struct export__command *command = calloc(1, sizeof(*command));

	if (!command)
		return NULL;
	command->text = strdup(text);
	if (export_out_init_memory(&command->scratch, SIZE_MAX) != 0 || !command->text) {
		export__command_close(command);
		return NULL;
	}
	command->framing = framing;
	command->is_by_subject = strstr(text, "TAPEDECK_SUBJECT") != NULL;
	return command;
}

static void end_all(struct export__command *command)
{
	for (size_t i = 0; i < command->len; i++)
		export__child_finish(&command->entries[i].child);
	for (size_t i = 0; i < command->len; i++) {
		export__child_end(&command->entries[i].child);
		free(command->entries[i].subject);
	}
	command->len = 0;
}

void export__command_close(struct export__command *command)
{
	if (!command)
		return;
	end_all(command);
	export_out_fini(&command->scratch);
	free(command->text);
	free(command);
}

static struct entry *find(struct export__command *command, struct wire_slice subject)
{
	for (size_t i = 0; i < command->len; i++) {
		const struct entry *entry = &command->entries[i];

		if (wire_slice_equal(wire_slice(entry->subject, entry->subject_len), subject))
			return &command->entries[i];
	}
	return NULL;
}

/* Room for one more process. */
static struct entry *make_room(struct export__command *command)
{
	struct entry *oldest = &command->entries[0];

	if (command->len < EXPORT__CHILDREN_MAX)
		return &command->entries[command->len++];
	for (size_t i = 1; i < command->len; i++)
		if (command->entries[i].used < oldest->used)
			oldest = &command->entries[i];
	export__child_end(&oldest->child);
	free(oldest->subject);
	return oldest;
}

static struct entry *start(struct export__command *command, struct wire_slice subject,
			   struct wire_fault *fault)
{
	char *copy = strndup(subject.len ? subject.data : "", subject.len);

	if (!copy) {
		wire_fault_set(fault, -ENOMEM, "out of memory");
		return NULL;
	}
	struct entry *entry = make_room(command);
	*entry = (struct entry){.subject = copy, .subject_len = strlen(copy)};
	return export__child_start(&entry->child, command->text, command->framing, subject, fault) == 0
		   ? entry
		   : NULL;
}

static int ask(struct export__command *command, struct wire_slice subject, struct wire_slice payload,
	       struct export_out *out, struct wire_fault *fault)
{
	if (!command->is_by_subject)
		subject = wire_slice("", 0);
	struct entry *entry = find(command, subject);

	if (!entry)
		entry = start(command, subject, fault);
	if (!entry)
		return -ECHILD;
	entry->used = ++command->payloads;
	return export__child_ask(&entry->child, payload, out, EXPORT__DEADLINE_MS, fault);
}

int export__command_ask(struct export__command *command, struct wire_slice subject, struct wire_slice payload,
			struct export_out *out, struct wire_fault *fault)
{
	struct wire_slice given = payload;

	if (command->failure.code != 0) {
		*fault = command->failure;
		return fault->code;
	}
	if (command->framing == EXPORT__LINES && !export__line_of(payload, &command->scratch, &given))
		return wire_fault_set(
		    fault, -EINVAL, "it is empty or has line ends, so it is no line; cmd-framed: takes any");
	if (ask(command, subject, given, out, &command->failure) == 0)
		return 0;
	end_all(command);
	*fault = command->failure;
	return fault->code;
}
