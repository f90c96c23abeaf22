/* terminal_keys.h - the keys in the bytes that a terminal sends, however they are cut into reads. */
#ifndef CLI_COMMANDS_TERMINAL_KEYS_H
#define CLI_COMMANDS_TERMINAL_KEYS_H

/* Arrows; other keys are the byte that they send. */
enum { CLI_KEY_NONE = 0, CLI_KEY_UP = 0x100, CLI_KEY_DOWN, CLI_KEY_RIGHT, CLI_KEY_LEFT };

/* Where in a sequence the bytes are. Zeroed = between two keys. */
struct cli_terminal_keys {
	enum { CLI_KEYS_PLAIN, CLI_KEYS_ESCAPE, CLI_KEYS_SEQUENCE } state;
};

/* Take a byte. Returns the key that it completes; CLI_KEY_NONE: none, or one that is not an arrow but sends a sequence. An escape
 * that begins no sequence is ignored, and what follows it counts. */
int cli_terminal_key(struct cli_terminal_keys *keys, char byte);

#endif
