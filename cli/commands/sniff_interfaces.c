#include "cli/commands/sniff_interfaces.h"

#include <signal.h>
#include <unistd.h>

#include "cli/options/logs.h"
#include "cli/output/errors.h"
#include "cli/output/row.h"
#include "tap/capture/interfaces.h"

enum { STATE_COLUMN = 18, ADDRESS_COLUMN = 27 };

static const char *state_of(const struct tap_interface *interface)
{
	if (!interface->is_up)
		return "down";
	return interface->has_link ? "up" : "no link";
}

static void put_interface(void *context, const struct tap_interface *interface)
{
	struct cli_row *row = context;

	cli_row_put(row, CLI_PLAIN, wire_slice_str(interface->name), STATE_COLUMN - 2);
	cli_row_fill(row, STATE_COLUMN);
	cli_row_text(row, CLI_PLAIN, state_of(interface));
	const char *addresses = interface->is_any ? "all of them at once" : interface->addresses;
	if (addresses[0]) {
		cli_row_fill(row, ADDRESS_COLUMN);
		cli_row_text(row, CLI_PLAIN, addresses);
	}
	cli_row_end(row);
}

int cli_sniff_list_interfaces(const struct cli_command *command)
{
	struct cli_row row = {.columns = CLI_ROW_ENDLESS};
	struct wire_fault fault;
	struct export_out out;

	signal(SIGPIPE, SIG_IGN);
	if (export_out_init(&out, STDOUT_FILENO) != 0) {
		cli_error(command, "out of memory");
		return CLI_IO;
	}
	row.out = &out;
	int error = tap_interfaces_list(put_interface, &row, &fault);
	int status = cli_write_status(command, export_out_flush(&out));
	export_out_fini(&out);
	if (error == 0)
		error = tap_interfaces_check_right(&fault);
	return error == 0 ? status : cli_log_error(command, &fault);
}
