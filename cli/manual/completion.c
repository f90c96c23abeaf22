#include "cli/manual/completion.h"

#include <ctype.h>
#include <string.h>

static const struct {
	const char *argument;
	enum cli_completion_kind kind;
} kinds[] = {
    {"FILE", CLI_COMPLETION_FILES},         {"DIR", CLI_COMPLETION_DIRS},
    {"LOG", CLI_COMPLETION_FILES},          {"SUBJECT", CLI_COMPLETION_SUBJECTS},
    {"NAME|ID|IP", CLI_COMPLETION_CLIENTS}, {"NAME|ID", CLI_COMPLETION_CLIENTS},
    {"SERVICE", CLI_COMPLETION_CLIENTS},    {"IFACE", CLI_COMPLETION_INTERFACES},
    {"LOG|DURATION", CLI_COMPLETION_FILES},
};

bool cli_completion_has_argument(const struct cli_option *option)
{
	return option->kind != CLI_FLAG && option->argument;
}

/* The word at the start of a choice, in lower case: "auto"; "max=" of "max=SIZE", "interval" of "interval[=TIME]". 0 when the
 * choice is a name for something else: "N". */
static size_t word_len(const char *text, size_t len)
{
	size_t word = 0;
	while (word < len && (islower((unsigned char)text[word]) || isdigit((unsigned char)text[word]) ||
			      strchr("-_", text[word])))
		word++;
	if (word == len || text[word] == '[')
		return word;
	return text[word] == '=' ? word + 1 : 0;
}

static void collect_words(const char *choices, struct cli_completion *completion)
{
	size_t at = 0;
	for (const char *choice = choices; *choice;) {
		size_t len = strcspn(choice, "|,"), word = word_len(choice, len);
		if (word > 0 && at + word + 2 < sizeof completion->words) {
			if (at > 0)
				completion->words[at++] = ' ';
			memcpy(completion->words + at, choice, word);
			at += word;
		}
		choice += len + (choice[len] != '\0');
	}
	completion->kind = at > 0 ? CLI_COMPLETION_WORDS : CLI_COMPLETION_NONE;
}

struct cli_completion cli_completion_of(const struct cli_option *option)
{
	struct cli_completion completion = {.kind = CLI_COMPLETION_NONE};
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (strcmp(kinds[i].argument, option->argument) == 0)
			completion.kind = kinds[i].kind;
	if (completion.kind == CLI_COMPLETION_NONE)
		collect_words(option->words ? option->words : option->argument, &completion);
	return completion;
}

struct cli_completion_operands cli_completion_operands(const struct cli_command *command)
{
	return (struct cli_completion_operands){
	    .logs = strncmp(command->operands, "LOG", 3) == 0 || strncmp(command->operands, "[LOG", 4) == 0 ||
		    strncmp(command->operands, "A B", 3) == 0,
	    .subjects = strstr(command->operands, "SUBJECT") != NULL,
	    .commands = strstr(command->operands, "COMMAND") != NULL,
	    .topics = strstr(command->operands, "TOPIC") != NULL,
	};
}

/* Where the first clause ends: before a semicolon, or at the end of the sentence. */
static size_t clause_len(const char *help)
{
	size_t len = strcspn(help, ";");
	const char *sentence = strstr(help, ". ");
	return sentence && (size_t)(sentence - help) < len ? (size_t)(sentence - help) : len;
}

void cli_completion_summary(const char *help, char *summary)
{
	size_t len = clause_len(help);
	snprintf(summary, CLI_COMPLETION_TEXT, "%.*s", (int)len, help);
}

void cli_completion_escaped(FILE *file, const char *text, const char *special)
{
	for (; *text; text++) {
		if (strchr(special, *text))
			putc('\\', file);
		putc(*text == '\n' ? ' ' : *text, file);
	}
}
