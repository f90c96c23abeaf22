#include "bench/capture.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/ether.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <pcap/pcap.h>
#include <stdlib.h>
#include <string.h>

#include "wire/parse.h"

enum {
	SEGMENT_BYTES = 1448, /* payload that fits an Ethernet frame beside the usual options */
	HEAD_BYTES = sizeof(struct ether_header) + sizeof(struct iphdr) + sizeof(struct tcphdr),
	SERVER_PORT = 4222,
	SEGMENTS_PER_ACK = 2,
	MESSAGES_PER_BATCH = 64,
	SEGMENT_NS = 10000, /* from one packet to the next */
};

/* One TCP connection; the server is the second end. */
struct flow {
	uint16_t port;        /* of the client */
	uint32_t next_seq[2]; /* by end */
	unsigned unacked[2];
};

/* A few messages that are published before they are delivered: where they end in both streams. */
struct batch {
	size_t published, delivered;
};

struct capture {
	pcap_dumper_t *out;
	int64_t time_ns;
	uint64_t stream_bytes;
	struct flow publisher, subscriber;
	char *delivered; /* the frames as MSG operations; owned */
	size_t delivered_len;
	struct batch *batches; /* owned */
	size_t batch_count;
};

static void write_packet(struct capture *capture, const struct flow *flow, int from, uint8_t flags,
			 const char *bytes, size_t len)
{
	unsigned char packet[HEAD_BYTES + SEGMENT_BYTES] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x08, 0x00};
	const uint32_t addresses[2] = {htonl(0x0a000001 + flow->port), htonl(0x0a000001)};
	const uint16_t ports[2] = {htons(flow->port), htons(SERVER_PORT)};
	struct iphdr ip = {.version = 4,
			   .ihl = 5,
			   .ttl = 64,
			   .protocol = IPPROTO_TCP,
			   .tot_len = htons((uint16_t)(sizeof ip + sizeof(struct tcphdr) + len)),
			   .saddr = addresses[from],
			   .daddr = addresses[1 - from]};
	struct tcphdr tcp = {.th_sport = ports[from],
			     .th_dport = ports[1 - from],
			     .th_seq = htonl(flow->next_seq[from]),
			     .th_ack = htonl(flow->next_seq[1 - from]),
			     .th_off = sizeof tcp / 4,
			     .th_flags = flags,
			     .th_win = htons(65535)};
	struct pcap_pkthdr record = {.caplen = (uint32_t)(HEAD_BYTES + len),
				     .len = (uint32_t)(HEAD_BYTES + len)};
	memcpy(packet + sizeof(struct ether_header), &ip, sizeof ip);
	memcpy(packet + sizeof(struct ether_header) + sizeof ip, &tcp, sizeof tcp);
	if (len > 0)
		memcpy(packet + HEAD_BYTES, bytes, len);
	capture->time_ns += SEGMENT_NS;
	record.ts.tv_sec = capture->time_ns / 1000000000;
	record.ts.tv_usec = capture->time_ns % 1000000000; /* a file of nanoseconds */
	pcap_dump((unsigned char *)capture->out, &record, packet);
}

static void send_bytes(struct capture *capture, struct flow *flow, int from, const char *bytes, size_t len)
{
	while (len > 0) {
		size_t piece = len < SEGMENT_BYTES ? len : SEGMENT_BYTES;
		write_packet(capture, flow, from, TH_ACK | TH_PUSH, bytes, piece);
		flow->next_seq[from] += (uint32_t)piece;
		capture->stream_bytes += piece;
		bytes += piece;
		len -= piece;
		if (++flow->unacked[from] == SEGMENTS_PER_ACK) {
			write_packet(capture, flow, 1 - from, TH_ACK, NULL, 0);
			flow->unacked[from] = 0;
		}
	}
}

static void send_text(struct capture *capture, struct flow *flow, int from, const char *text)
{
	send_bytes(capture, flow, from, text, strlen(text));
}

static void open_flow(struct capture *capture, struct flow *flow, uint16_t port, const char *subscription)
{
	*flow = (struct flow){.port = port, .next_seq = {1000u * port, 77}};
	write_packet(capture, flow, 0, TH_SYN, NULL, 0);
	flow->next_seq[0]++;
	write_packet(capture, flow, 1, TH_SYN | TH_ACK, NULL, 0);
	flow->next_seq[1]++;
	write_packet(capture, flow, 0, TH_ACK, NULL, 0);
	send_text(capture, flow, 1,
		  "INFO {\"server_id\":\"bench\",\"version\":\"2.9.10\",\"proto\":1,\"headers\":true,"
		  "\"max_payload\":1048576} \r\n");
	send_text(capture, flow, 0, "CONNECT {\"verbose\":false,\"pedantic\":false,\"name\":\"bench\"}\r\n");
	send_text(capture, flow, 0, subscription);
}

static void close_flow(struct capture *capture, struct flow *flow)
{
	for (int from = 0; from < 2; from++) {
		write_packet(capture, flow, from, TH_FIN | TH_ACK, NULL, 0);
		flow->next_seq[from]++;
	}
	write_packet(capture, flow, 0, TH_ACK, NULL, 0);
}

/* The deliveries that the subscriber gets for the frames, in batches. 0 or -ENOMEM. */
static int make_deliveries(struct capture *capture, const struct bench_frames *frames)
{
	static const struct wire_limits limits = {.max_control_line = 4096, .max_payload = 1024 * 1024};
	struct wire_op op;
	size_t need, at = 0;
	uint32_t number = 0;
	FILE *out = open_memstream(&capture->delivered, &capture->delivered_len);
	capture->batches = calloc(frames->count / MESSAGES_PER_BATCH + 1, sizeof *capture->batches);
	if (!out || !capture->batches)
		return -ENOMEM;
	for (int64_t took;
	     (took = wire_parse(frames->bytes + at, frames->len - at, &limits, &op, &need)) > 0;) {
		at += (size_t)took;
		fprintf(out, "MSG %.*s 1 %zu\r\n", (int)op.subject.len, op.subject.data, op.payload.len);
		fwrite(op.payload.data, 1, op.payload.len, out);
		fputs("\r\n", out);
		if (++number % MESSAGES_PER_BATCH != 0 && number != frames->count)
			continue;
		fflush(out); /* updates delivered_len */
		capture->batches[capture->batch_count++] = (struct batch){at, capture->delivered_len};
	}
	return fclose(out) == 0 ? 0 : -ENOMEM;
}

static void send_round(struct capture *capture, const struct bench_frames *frames)
{
	struct batch from = {0, 0};
	for (size_t i = 0; i < capture->batch_count; i++) {
		struct batch to = capture->batches[i];
		send_bytes(capture, &capture->publisher, 0, frames->bytes + from.published,
			   to.published - from.published);
		send_bytes(capture, &capture->subscriber, 1, capture->delivered + from.delivered,
			   to.delivered - from.delivered);
		from = to;
	}
}

static void converse(struct capture *capture, const struct bench_frames *frames, uint64_t rounds)
{
	open_flow(capture, &capture->subscriber, 40001, "SUB bench.> 1\r\nPING\r\n");
	send_text(capture, &capture->subscriber, 1, "PONG\r\n");
	open_flow(capture, &capture->publisher, 40002, "PING\r\n");
	send_text(capture, &capture->publisher, 1, "PONG\r\n");
	for (uint64_t i = 0; i < rounds; i++)
		send_round(capture, frames);
	close_flow(capture, &capture->publisher);
	close_flow(capture, &capture->subscriber);
}

int bench_capture_make(const char *path, const struct bench_frames *frames, uint64_t rounds,
		       uint64_t *stream_bytes, struct wire_fault *fault)
{
	struct capture capture = {.time_ns = INT64_C(1700000000000000000)};
	pcap_t *format = pcap_open_dead_with_tstamp_precision(DLT_EN10MB, 262144, PCAP_TSTAMP_PRECISION_NANO);
	capture.out = format ? pcap_dump_open(format, path) : NULL;
	int error = capture.out ? make_deliveries(&capture, frames) : -EIO;
	if (!error) {
		converse(&capture, frames, rounds);
		error = pcap_dump_flush(capture.out) == 0 ? 0 : -EIO;
	}
	if (capture.out)
		pcap_dump_close(capture.out);
	if (format)
		pcap_close(format);
	free(capture.delivered);
	free(capture.batches);
	*stream_bytes = capture.stream_bytes;
	return error ? wire_fault_set(fault, error, "%s: the capture file cannot be made", path) : 0;
}
