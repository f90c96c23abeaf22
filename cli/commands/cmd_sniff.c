/* cmd_sniff.c - tapedeck sniff: decode NATS from an interface or a capture file. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/commands/commands.h"
#include "cli/commands/sniff.h"
#include "cli/commands/sniff_interfaces.h"
#include "cli/output/color.h"
#include "cli/output/errors.h"
#include "cli/output/pager.h"
#include "tap/sniffer.h"

#define AT(member) offsetof(struct cli_sniff, member)

static int add_port(void *member, const char *argument, struct wire_fault *fault)
{
	struct cli_ports *ports = member;
	char *end;
	long port = strtol(argument, &end, 10);

	if (end == argument || *end || port < 1 || port > 65535)
		return wire_fault_set(fault, -EINVAL, "is not a port from 1 to 65535");
	uint16_t *list = realloc(ports->list, (ports->len + 1) * sizeof(*list));
	if (!list)
		return wire_fault_set(fault, -ENOMEM, "out of memory");
	ports->list = list;
	list[ports->len++] = (uint16_t)port;
	return 0;
}

static const struct cli_option source[] = {
    {.name = "interface",
     .letter = 'i',
     .kind = CLI_TEXT,
     .argument = "IFACE",
     .help = "capture on this network interface; \"any\" for all",
     .at = AT(interface)},
    {.name = "list-interfaces",
     .letter = 'D',
     .kind = CLI_FLAG,
     .help = "list the interfaces with their addresses, and end",
     .at = AT(lists_interfaces)},
    {.name = "read",
     .letter = 'r',
     .kind = CLI_TEXT,
     .argument = "FILE",
     .help =
	 "read a capture file: pcap or pcapng, optionally compressed by gzip or zstd; - is standard input",
     .at = AT(file)},
    {.name = "port",
     .letter = 'p',
     .kind = CLI_CALL,
     .argument = "PORT",
     .help = "only TCP from or to this port, and expect NATS there; may be repeated. Default: recognise "
	     "NATS on any port, expect it on 4222",
     .at = AT(ports),
     .call = add_port},
    {.name = "filter",
     .kind = CLI_TEXT,
     .argument = "BPF",
     .help = "only packets that match this filter, in the syntax of tcpdump (pcap-filter(7))",
     .at = AT(bpf)},
    {.name = "snaplen",
     .kind = CLI_BYTES,
     .argument = "SIZE",
     .help = "bytes to capture of each packet; default: all. Messages whose bytes are cut off are partial",
     .at = AT(snaplen)},
    {.name = "buffer",
     .kind = CLI_BYTES,
     .argument = "SIZE",
     .help = "size of the kernel's buffer for packets that were not read yet; default 64MiB",
     .at = AT(buffer_bytes)},
    {.name = "memory",
     .kind = CLI_BYTES,
     .argument = "SIZE",
     .help = "limit on the memory for connections and for messages that wait; default 256MiB",
     .at = AT(memory_bytes)},
    {.name = NULL},
};

static const struct cli_option doing[] = {
    {.name = "stats",
     .kind = CLI_FLAG,
     .help = "print a table of connections, subjects, rates, gaps and drops every second instead of events",
     .at = AT(stats)},
    {.name = "write",
     .letter = 'w',
     .kind = CLI_TEXT,
     .argument = "FILE",
     .help = "also write the packets to a new capture file; credentials in CONNECT are overwritten. - is "
	     "standard output: all else is then printed on stderr",
     .at = AT(write_file)},
    {.name = "keep-secrets",
     .kind = CLI_FLAG,
     .help = "with --write: keep passwords and tokens",
     .at = AT(keeps_secrets)},
    {.name = NULL},
};

static const struct cli_option_group groups[] = {
    {"Packets", source, 0},
    {"Mode", doing, 0},
    {"Mode", cli_limit_options, AT(limit)},
    {"Subjects of --stats", cli_folding_options, AT(folding)},
    {"Recording", cli_recording_options, AT(recording)},
    {"Masking", cli_masking_options, AT(masking)},
    {"Which events", cli_filter_options, AT(filters)},
    {"Which events", cli_seq_options, AT(filters)},
    {"Output", cli_output_options, AT(output)},
    {"Output", cli_decoding_options, AT(output.decoding)},
    {"Output", cli_color_options, AT(output.color)},
    {"Output", cli_quiet_options, AT(quiet)},
    {0},
};

static int check(const struct cli_command *command, const struct cli_sniff *sniff)
{
	if (sniff->write_file && strcmp(sniff->write_file, "-") == 0 && isatty(STDOUT_FILENO))
		return cli_usage_error(command,
				       "--write - would write packets to your terminal; redirect or pipe "
				       "standard output");
	if (!sniff->interface == !sniff->file)
		return cli_usage_error(command,
				       sniff->interface ? "--interface and --read exclude each other"
							: "give a source: --interface IFACE or --read FILE");
	if (sniff->file && (sniff->snaplen || sniff->buffer_bytes))
		return cli_usage_error(command, "--snaplen and --buffer belong to --interface");
	if (sniff->keeps_secrets && !sniff->write_file)
		return cli_usage_error(command, "--keep-secrets belongs to --write");
	if (sniff->write_file && sniff->masking.mask)
		return cli_usage_error(command,
				       "--write copies packets as they are, which --mask cannot change; "
				       "write a log with --record instead");
	if (sniff->snaplen > UINT32_MAX)
		return cli_usage_error(command, "--snaplen exceeds the length of any packet");
	if (sniff->stats &&
	    (sniff->output.json || sniff->output.raw || sniff->output.verbose || sniff->output.hex))
		return cli_usage_error(
		    command,
		    "--stats prints a table and cannot be combined with --json, --raw, --verbose or --hex");
	if (!sniff->stats && cli_folding_is_given(&sniff->folding))
		return cli_usage_error(command,
				       "--depth, --fold, --no-fold and --inbox-prefix belong to --stats");
	return cli_folding_check(command, &sniff->folding);
}

static int open_masker(const struct cli_command *command, struct cli_masking *masking)
{
	struct wire_masker *masker;
	int status = cli_masking_check(command, masking);
	if (status != CLI_GO_ON || cli_masking_masker(masking, &masker) == 0)
		return status;
	cli_error(command, "out of memory");
	return CLI_IO;
}

static int parse_and_sniff(const struct cli_command *command, struct cli_sniff *sniff, int argc, char **argv)
{
	struct store_filter *filter = NULL;
	int status = cli_options_parse(command, argc, argv, sniff, &sniff->subjects);

	if (status == CLI_GO_ON && sniff->lists_interfaces)
		return cli_sniff_list_interfaces(command);
	if (status == CLI_GO_ON)
		status = check(command, sniff);
	if (status == CLI_GO_ON)
		status = open_masker(command, &sniff->masking);
	if (status == CLI_GO_ON)
		status = cli_filters_default_kind(command, &sniff->filters, cli_printer_kind(&sniff->output));
	if (status == CLI_GO_ON)
		status = cli_filters_build(command, &sniff->filters, &sniff->subjects, &filter);
	if (status == CLI_GO_ON)
		status = cli_sniff_run(command, sniff, filter);
	store_filter_close(filter);
	return status;
}

static int run(const struct cli_command *command, int argc, char **argv)
{
	struct tap_sniffer_options defaults;
	struct cli_sniff sniff = {0};

	tap_sniffer_options_init(&defaults);
	sniff.memory_bytes = defaults.memory_bytes;
	cli_recording_init(&sniff.recording);
	int status = parse_and_sniff(command, &sniff, argc, argv);
	cli_recording_fini(&sniff.recording);
	cli_masking_fini(&sniff.masking);
	cli_decoding_fini(&sniff.output.decoding);
	cli_filters_fini(&sniff.filters);
	free(sniff.ports.list);
	return status;
}

const struct cli_command cli_sniff = {
    .name = "sniff",
    .summary = "decode NATS from an interface or a capture file",
    .group = CLI_TASK_RECORD,
    .operands = "[SUBJECT...]",
    .about =
	"Reads packets, reassembles TCP connections, and prints the messages and their receivers. With\n"
	"--record it writes them to a log instead. NATS is recognised on any port. A publish and its\n"
	"deliveries are one message. TLS and WebSocket connections are counted, but not decoded. GAP lines\n"
	"report bytes that were not captured. Nothing is guessed: a message that was not seen whole is\n"
	"marked as partial.\n"
	"\n"
	"Capturing needs a privilege: run as root, or run `setcap cap_net_raw+ep` on the program once. All\n"
	"privileges are given up before the first packet is decoded. Ctrl-C ends the capture with a\n"
	"summary on stderr.",
    .examples = "  tapedeck sniff -D                                which interfaces are there?\n"
		"  tapedeck sniff -i any                            all traffic\n"
		"  tapedeck sniff -i eth0 -p 4222 'orders.>' -v     in full\n"
		"  tapedeck sniff -i eth0 --record log --record-retain-age 7d\n"
		"  tapedeck sniff -r capture.pcapng.zst --json | jq .subject\n"
		"  tapedeck sniff -r capture.pcap --stats\n"
		"  tapedeck sniff -i lo -w - | wireshark -k -i -\n"
		"  ssh host tcpdump -w - port 4222 | tapedeck sniff -r -",
    .options = groups,
    .run = run,
};
