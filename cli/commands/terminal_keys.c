#include "cli/commands/terminal_keys.h"

enum { ESCAPE = '\033' };

/* The key of a sequence's last byte: ESC [ A to ESC [ D, with modifiers ESC [ 1 ; 5 A, in application mode ESC O A. */
static int arrow_of(char last)
{
	return last >= 'A' && last <= 'D' ? CLI_KEY_UP + (last - 'A') : CLI_KEY_NONE;
}

/* Parameters of a sequence come before its last byte. */
static int take_in_sequence(struct cli_terminal_keys *keys, char byte)
{
	if (byte >= 0x20 && byte <= 0x3f)
		return CLI_KEY_NONE;
	keys->state = CLI_KEYS_PLAIN;
	return arrow_of(byte);
}

int cli_terminal_key(struct cli_terminal_keys *keys, char byte)
{
	if (byte == ESCAPE) {
		keys->state = CLI_KEYS_ESCAPE;
		return CLI_KEY_NONE;
	}
	switch (keys->state) {
	case CLI_KEYS_SEQUENCE: return take_in_sequence(keys, byte);
	case CLI_KEYS_ESCAPE:
		keys->state = byte == '[' || byte == 'O' ? CLI_KEYS_SEQUENCE : CLI_KEYS_PLAIN;
		return keys->state == CLI_KEYS_SEQUENCE ? CLI_KEY_NONE : (unsigned char)byte;
	case CLI_KEYS_PLAIN: break;
	}
	return (unsigned char)byte;
}
