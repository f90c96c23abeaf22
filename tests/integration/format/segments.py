"""A reader of tapedeck logs written from docs/format.md alone: it shares no line with store/.

It is as strict as the text: bytes that contradict docs/format.md raise Damage."""

import os
import re
import struct
from dataclasses import dataclass, field

import xxhash
import zstandard

FILE_HEADER, BLOCK_HEADER, FOOTER_HEADER, TRAILER, ENTRY = 128, 144, 40, 32, 152
DICTIONARY_HEADER, DICTIONARY_MAX = 32, 1 << 20
FRAME_MAX, EVENTS_MAX, WIDE_MAX = 256 << 20, 65536, 1 << 20

KINDS = ["message", "delivery", "connect", "disconnect", "subscribe", "unsubscribe", "error", "mark", "gap"]
OUTCOMES = ["sent", "slow consumer", "permission", "closed"]
CUT, PARTIAL, REPEATED, DAMAGE, RECEIVERS_UNKNOWN, PUBLISHER_UNKNOWN, MASKED = 1, 2, 4, 8, 16, 32, 64


class Damage(Exception):
    """The bytes are not what docs/format.md says."""


class Tail(Exception):
    """The unfinished end of an open segment begins here."""


def need(condition, what):
    if not condition:
        raise Damage(what)


def checksum(data):
    return xxhash.xxh3_64_intdigest(data)


def unpack_frame(stored, raw_bytes, is_plain, dictionary=None):
    """dictionary: the segment's, for a frame whose header has the id of one."""
    if is_plain:
        return stored
    needs_it = zstandard.get_frame_parameters(stored).dict_id != 0
    need(dictionary or not needs_it, "a frame without its dictionary")
    unpacker = zstandard.ZstdDecompressor(dict_data=dictionary if needs_it else None)
    raw = unpacker.decompress(stored, max_output_size=raw_bytes)
    need(len(raw) == raw_bytes, "a frame unpacks to another length")
    return raw


def unpack_payloads(stored, raw_bytes, form, dictionary):
    if form == 0:
        return unpack_frame(stored, raw_bytes, len(stored) == raw_bytes, dictionary)
    need(len(stored) >= 4, "fields without their length")
    (length,) = struct.unpack_from("<I", stored)
    need(length <= raw_bytes, "fields longer than what they stand for")
    raw = join_fields(unpack_frame(stored[4:], length, len(stored) - 4 == length, dictionary))
    need(len(raw) == raw_bytes, "fields stand for another length")
    return raw


class Cursor:
    """Reads varints and bytes."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def byte(self):
        return self.take(1)[0]

    def take(self, count):
        need(self.at + count <= len(self.data), "the data ends too early")
        self.at += count
        return self.data[self.at - count : self.at]

    def varint(self):
        value = 0
        for shift in range(0, 70, 7):
            byte = self.byte()
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value % 2**64
        raise Damage("a varint of more than ten bytes")

    def zigzag(self):
        value = self.varint()
        return -(value >> 1) - 1 if value & 1 else value >> 1

    def at_end(self):
        return self.at == len(self.data)


# ---- fields ----


@dataclass
class Node:
    above: int
    length: int
    kind: int
    width: int
    depth: int
    piece: bytes = b""
    count: int = 0
    fields: list = field(default_factory=list)


def read_nodes(data, count):
    nodes = [Node(0, 0, 0, 0, 0)]
    for k in range(1, count + 1):
        up, length, column = data.varint(), data.varint(), data.varint()
        need(1 <= up <= k and column // 4 <= 255, "a node that is none")
        nodes.append(Node(k - up, length, column % 4, column // 4, nodes[k - up].depth + 1))
        need(nodes[k].depth <= 255, "a way of too many nodes")
    for node in nodes[1:]:
        node.piece = data.take(node.length)
    return nodes


def way_to(nodes, end):
    way = []
    while end:
        way.append(nodes[end])
        end = nodes[end].above
    return way[::-1]


def read_fields(data, node, lengths):
    if node.kind == 0:
        return [b""] * node.count
    if node.kind == 1:
        return [data.take(length) for length in lengths]
    if node.kind == 2:
        return [data.take(node.width).lstrip(b"\0") for _ in range(node.count)]
    return [data.take(node.width)] * node.count


def join_fields(frame):
    data = Cursor(frame)
    records, count = data.varint(), data.varint()
    need(records <= 65536 and count <= 16384, "too many records or nodes")
    nodes, ends, end = read_nodes(data, count), [], 0
    for _ in range(records):
        code = data.varint()
        end += -(code >> 2) - 1 if code & 2 else code >> 2
        need(0 <= end <= count, "a record ends with no node")
        ends.append((end, code & 1))
    tails = [data.varint() if has_tail else 0 for _, has_tail in ends]
    ways = [way_to(nodes, end) for end, _ in ends]
    for way in ways:
        for node in way:
            node.count += 1
    lengths = [data.take(node.count) if node.kind == 1 else b"" for node in nodes]
    for node, own in zip(nodes, lengths):
        node.fields = iter(read_fields(data, node, own))
    joined = b"".join(
        b"".join(node.piece + next(node.fields) for node in way) + data.take(tail) for way, tail in zip(ways, tails)
    )
    need(data.at_end(), "fields are not used up")
    return joined


# ---- columns ----


def fixed(data, count):
    width, base = data.byte(), data.varint()
    need(width in (1, 2, 4, 8), "a width that is none")
    return [base + int.from_bytes(data.take(width), "little") for _ in range(count)]


def varints(data, count):
    base = data.varint()
    return [base + data.varint() for _ in range(count)]


def deltas(data, count):
    values, value = [], 0
    for _ in range(count):
        value += data.zigzag()
        values.append(value)
    return values


def runs(data, count):
    values = []
    while len(values) < count:
        value, length = data.varint(), data.varint()
        need(1 <= length <= count - len(values), "a run of a wrong length")
        values += [value] * length
    return values


def delta_runs(data, count):
    values, value = [], 0
    while len(values) < count:
        delta, length = data.zigzag(), data.varint()
        need(1 <= length <= count - len(values), "a run of a wrong length")
        for _ in range(length):
            value += delta
            values.append(value)
    return values


ENCODINGS = {
    0: lambda data, count: [data.varint()] * count,
    1: fixed,
    2: varints,
    3: deltas,
    4: runs,
    5: delta_runs,
}
BYTES = 6


def read_columns(frame, known):
    """{id: list of numbers below 2^64, or bytes} for the ids in `known`."""
    columns, cursor, seen = {}, Cursor(frame), set()
    while not cursor.at_end():
        number, encoding = cursor.byte(), cursor.byte()
        count, length = cursor.varint(), cursor.varint()
        data = cursor.take(length)
        need(number not in seen, "a column comes twice")
        seen.add(number)
        if number not in known:
            continue
        if encoding == BYTES:
            need(count == length, "a column of bytes with another count")
            columns[number] = bytes(data)
            continue
        need(encoding in ENCODINGS, "an encoding that is none")
        need(1 <= count <= (EVENTS_MAX if number < 16 else WIDE_MAX), "a column of too many values")
        values = Cursor(data)
        columns[number] = [value % 2**64 for value in ENCODINGS[encoding](values, count)]
        need(values.at_end(), "a column's data is not used up")
    return columns


def cut(data, lengths):
    """Consecutive slices of these lengths, which use the data up."""
    need(sum(lengths) == len(data), "lengths do not add up")
    pieces, at = [], 0
    for length in lengths:
        pieces.append(data[at : at + length])
        at += length
    return pieces


def signed(value):
    return value - 2**64 if value >= 2**63 else value


# ---- blocks ----


@dataclass
class Header:
    first_seq: int
    events: int
    messages: int
    min_time: int
    max_time: int
    kinds: int
    form: int
    payload_bytes: int
    deliveries: int
    max_conn: int
    frames: list
    log_id: bytes

    @property
    def next_seq(self):
        return self.first_seq + self.events

    @property
    def bytes(self):
        return BLOCK_HEADER + sum(stored for stored, _, _ in self.frames)


def read_header(data):
    need(len(data) == BLOCK_HEADER and data[:8] == b"TDBLOCK\n", "no block begins here")
    need(checksum(data[:136]) == struct.unpack_from("<Q", data, 136)[0], "a block header's checksum differs")
    numbers = struct.unpack_from("<QIIqqIIQQQ", data, 8)
    frames = [struct.unpack_from("<IIQ", data, 72 + 16 * i) for i in range(3)]
    header = Header(*numbers, frames, bytes(data[120:136]))
    need(1 <= header.events <= EVENTS_MAX and header.messages <= header.events, "counts beyond their limits")
    need(header.first_seq >= 1 and header.next_seq < 2**64, "a sequence number beyond its limit")
    need(header.min_time <= header.max_time, "times in the wrong order")
    need(header.form <= 1, "a payload form that is none")
    need(all(stored <= raw <= FRAME_MAX for stored, raw, _ in frames), "a frame beyond its limit")
    return header


@dataclass
class Event:
    seq: int
    kind: str
    flags: int
    time: int
    conn: int
    subject: bytes
    reply: bytes
    headers: bytes
    payload: bytes
    size: int
    receivers: list  # (connection, sid, queue group, outcome); None: not known
    receiver_count: int
    message_seq: int
    delays: list  # nanoseconds from the message to each receiver, None where not known; None: of none
    details: dict = field(default_factory=dict)


def read_details(data):
    details, cursor = {}, Cursor(data)
    while not cursor.at_end():
        tag, length = cursor.varint(), cursor.varint()
        value = cursor.take(length)
        if 9 <= tag <= 15:
            number = Cursor(value)
            value = number.zigzag() if tag in (12, 13) else number.varint()
            need(number.at_end(), "a number that does not fill its field")
        details[tag] = value
    return details


def read_sets(columns):
    """The sets of receivers: lists of (connection, sid, queue group, outcome)."""
    conns = columns.get(18, [])
    lengths = [columns.get(number, [0] * len(conns)) for number in (19, 20)]
    texts = cut(columns.get(21, b""), [length for pair in zip(*lengths) for length in pair])
    subscribers = list(zip(conns, texts[0::2], texts[1::2]))
    sets = []
    for members in cut(columns.get(23, []), columns.get(22, [])):
        need(all(m // 8 < len(subscribers) and m % 8 < len(OUTCOMES) for m in members), "a member that is none")
        sets.append([(*subscribers[m // 8], OUTCOMES[m % 8]) for m in members])
    return sets


def unzigzag(value):
    return -(value >> 1) - 1 if value & 1 else value >> 1


def read_delays(columns, receivers, sets):
    """The delivery times of each event."""
    lengths = columns.get(14, [0] * len(receivers))
    for length, number in zip(lengths, receivers):
        need(length == 0 or (number and length == len(sets[number - 1])), "another number of delivery times")
    delays = [unzigzag(value - 1) if value else None for value in columns.get(24, [])]
    return [own or None for own in cut(delays, lengths)]


def place_payloads(frame, subjects, header_bytes, payload_bytes):
    """[(headers, payload)] by event; the frame groups them by subject, those without a subject last."""
    events = range(len(subjects))
    order = sorted(events, key=lambda i: (subjects[i] == 0, subjects[i], i))
    pieces = cut(frame, [header_bytes[i] + payload_bytes[i] for i in order])
    placed = dict(zip(order, pieces))
    return [(placed[i][: header_bytes[i]], placed[i][header_bytes[i] :]) for i in events]


def read_events(header, frames):
    dictionary = read_columns(frames[0], range(1, 9))
    columns = read_columns(frames[1], range(1, 25))
    subjects = cut(dictionary.get(5, b""), dictionary.get(1, []))
    sets = read_sets(columns)
    rows = [columns.get(number, [0] * header.events) for number in range(1, 14)]
    need(all(len(row) == header.events for row in rows), "a column of another length than the block")
    kind, flags, time, conn, subject, stored, missing, head, reply, receivers, count, refers, detail = rows
    need(all(s <= len(subjects) for s in subject) and all(r <= len(sets) for r in receivers), "an index beyond")
    need(all(k < len(KINDS) for k in kind), "a kind that is none")
    delays = read_delays(columns, receivers, sets)
    replies, details = cut(columns.get(16, b""), reply), cut(columns.get(17, b""), detail)
    contents = place_payloads(frames[2], subject, head, stored)
    return [
        Event(
            seq=header.first_seq + i,
            kind=KINDS[kind[i]],
            flags=flags[i],
            time=signed(time[i]),
            conn=conn[i],
            subject=subjects[subject[i] - 1] if subject[i] else b"",
            reply=replies[i],
            headers=contents[i][0],
            payload=contents[i][1],
            size=(stored[i] + missing[i]) % 2**64,
            receivers=sets[receivers[i] - 1] if receivers[i] else None,
            receiver_count=count[i],
            message_seq=refers[i],
            delays=delays[i],
            details=read_details(details[i]),
        )
        for i in range(header.events)
    ]


def got(event):
    """How many receivers got a message."""
    if event.receivers is None:
        return event.receiver_count
    return sum(outcome == "sent" for *_, outcome in event.receivers)


def check_header(header, events):
    """The header must agree with the events."""
    messages = [event for event in events if event.kind == "message"]
    sent = [e for e in events if e.kind == "delivery" and (not e.receivers or e.receivers[0][3] == "sent")]
    members = [member[0] for event in events for member in event.receivers or []]
    need(header.messages == len(messages), "another number of messages")
    need(header.min_time == min(event.time for event in events), "another earliest time")
    need(header.max_time == max(event.time for event in events), "another latest time")
    need(header.kinds == sum({1 << KINDS.index(event.kind) for event in events}), "other kinds")
    need(header.payload_bytes == sum(e.size + len(e.headers) for e in messages) % 2**64, "other payload bytes")
    need(header.deliveries == sum(map(got, messages)) + len(sent), "another number of deliveries")
    need(header.max_conn == max([event.conn for event in events] + members), "another largest connection")


def check_dictionary(header, frame, events):
    """The dictionary must agree with the events."""
    dictionary = read_columns(frame, range(1, 9))
    subjects = cut(dictionary.get(5, b""), dictionary.get(1, []))
    with_subject = [event for event in events if event.subject]
    need(subjects == list(dict.fromkeys(event.subject for event in with_subject)), "subjects in another order")
    for i, subject in enumerate(subjects):
        mine = [event for event in with_subject if event.subject == subject]
        messages = [event for event in mine if event.kind == "message"]
        counts = [dictionary.get(number, [0] * len(subjects))[i] for number in (2, 3, 4, 6, 7, 8)]
        sizes = sum(event.size + len(event.headers) for event in messages)
        flagged = [
            sum(bool(event.flags & flag) for event in messages) for flag in (RECEIVERS_UNKNOWN, PUBLISHER_UNKNOWN, MASKED)
        ]
        need(counts == [len(mine), len(messages), sizes, *flagged], "a subject's counts differ")


# ---- segments ----


class Segment:
    """One file. `blocks` are (offset, Header); `damage` are (offset, bytes) where blocks should be."""

    def __init__(self, path):
        with open(path, "rb") as file:
            self.data = file.read()
        self.path, self.blocks, self.damage, self.tail = path, [], [], 0
        self.end = len(self.data)  # of the bytes that may be blocks
        self.has_damaged_end, self.footer_next = False, 0  # the number after the blocks, by a misplaced footer
        self.read_file_header()
        self.start, self.dictionary = FILE_HEADER, None  # where the blocks begin
        if self.major >= 3:
            self.read_dictionary()
        self.is_closed = self.read_footer()
        if not self.is_closed:
            self.scan()

    def read_file_header(self):
        data = self.data
        need(len(data) >= FILE_HEADER and data[:8] == b"TAPEDECK", "no segment")
        need(checksum(data[:120]) == struct.unpack_from("<Q", data, 120)[0], "the file header's checksum differs")
        self.major, self.minor, header_bytes = struct.unpack_from("<HHI", data, 8)
        need(self.major <= 3 and header_bytes == FILE_HEADER, "a newer version")
        self.log_id = data[16:32]
        self.first_seq, self.created, self.next_conn = struct.unpack_from("<QqQ", data, 32)
        self.written_by, self.packed_level = data[56:72].rstrip(b"\0").decode(), data[72]

    def read_dictionary(self):
        header = self.data[FILE_HEADER : FILE_HEADER + DICTIONARY_HEADER]
        if len(header) < DICTIONARY_HEADER or header[:8] != b"TDDICTS\n":
            return
        if checksum(header[:24]) != struct.unpack_from("<Q", header, 24)[0]:
            return
        length, _, expected = struct.unpack_from("<IIQ", header, 8)
        need(1 <= length <= DICTIONARY_MAX, "a dictionary beyond the limits")
        start = FILE_HEADER + DICTIONARY_HEADER
        content = self.data[start : start + length]
        if len(content) == length and checksum(content) == expected:
            self.start, self.dictionary = start + length, zstandard.ZstdCompressionDict(content)

    def read_footer(self):
        """Take the blocks from the index. False when the segment is open."""
        data, end = self.data, len(self.data) - TRAILER
        trailer = self.read_trailer()
        if not trailer:
            return False
        offset, length = trailer
        if length > end - FILE_HEADER:
            return False
        is_misplaced, footer = offset + length != end, data[end - length : end]
        if footer[:8] != b"TDFOOTER":
            return False
        entries, stored, raw_bytes = struct.unpack_from("<III", footer, 8)
        body = footer[FOOTER_HEADER:]
        sums = struct.unpack_from("<QQ", footer, 24)
        if stored != len(body) or sums != (checksum(body), checksum(footer[:32])):
            return False
        raw = unpack_frame(body, raw_bytes, False)
        if is_misplaced:
            self.end = end - length
            self.footer_next = read_header(raw[(entries - 1) * ENTRY + 8 : entries * ENTRY]).next_seq if entries else 0
            return False
        self.read_index(raw, entries, offset)
        return True

    def read_trailer(self):
        """Where the footer begins, and its bytes. None when there is no trailer."""
        trailer = self.data[FILE_HEADER:][-TRAILER:]
        is_valid = trailer[:8] == b"TDTRAIL\n" and checksum(trailer[:24]) == struct.unpack_from("<Q", trailer, 24)[0]
        return struct.unpack_from("<QQ", trailer, 8) if is_valid else None

    def has_footer_at(self, offset):
        """The trailer says that a footer, which may be damaged, begins there."""
        trailer = self.read_trailer()
        return trailer is not None and trailer[0] == offset

    def read_index(self, raw, entries, footer_offset):
        end = self.start
        for i in range(entries):
            offset = struct.unpack_from("<Q", raw, i * ENTRY)[0]
            self.note_damage(end, offset)
            self.blocks.append((offset, read_header(raw[i * ENTRY + 8 : (i + 1) * ENTRY])))
            end = offset + self.blocks[-1][1].bytes
        self.note_damage(end, footer_offset)

    def note_damage(self, start, end):
        need(start <= end, "blocks overlap")
        if start < end:
            self.damage.append((start, end - start))

    def expected(self):
        return self.blocks[-1][1].next_seq if self.blocks else 1

    def end_seq(self):
        """The number after the last event that the segment is known to have had: damage at its end held at least one."""
        expected = self.blocks[-1][1].next_seq if self.blocks else self.first_seq
        if self.is_closed or self.footer_next == expected or not self.has_damaged_end:
            return expected
        return max(expected + 1, self.footer_next)

    def block_at(self, offset, expected=None):
        """The header of the block there. Raises Damage, or Tail where it is unfinished."""
        if offset + BLOCK_HEADER > self.end:
            raise Tail
        header = read_header(self.data[offset : offset + BLOCK_HEADER])
        expected = expected or self.expected()
        need(header.log_id == self.log_id and header.first_seq >= expected, "another log's block")
        if offset + header.bytes > self.end:
            raise Tail
        return header

    def is_unfinished(self, offset, expected):
        rest = self.data[offset:]
        if rest[:8] == b"TDFOOTER"[: len(rest)]:
            return len(rest) < FOOTER_HEADER or checksum(rest[:32]) == struct.unpack_from("<Q", rest, 32)[0]
        if len(rest) < BLOCK_HEADER:
            return rest[:8] == b"TDBLOCK\n"[: len(rest)]
        try:
            self.block_at(offset, expected)
        except Tail:
            return True
        except Damage:
            pass
        return False

    def is_intact(self, offset, header):
        at = offset + BLOCK_HEADER
        for stored, _, expected in header.frames:
            if checksum(self.data[at : at + stored]) != expected:
                return False
            at += stored
        return True

    def leads_on(self, offset, header):
        end = offset + header.bytes
        if end == self.end or self.is_unfinished(end, header.next_seq):
            return True
        try:
            self.block_at(end, header.next_seq)
            return True
        except (Damage, Tail):
            return False

    def find_block(self, offset, exact=None):
        """The next (offset, header) of a block from here on; None when there is none."""
        lone = None
        while (offset := self.data.find(b"TDBLOCK\n", offset, self.end)) >= 0:
            try:
                header = self.block_at(offset, exact)
            except (Damage, Tail):
                header = None
            if header and (not exact or header.first_seq == exact):
                leads, intact = self.leads_on(offset, header), self.is_intact(offset, header)
                if leads and (intact or not exact):
                    contradicts = lone and (lone[1].next_seq > header.first_seq or lone[0] + lone[1].bytes > offset)
                    return (offset, header) if not lone or contradicts else lone
                if intact:
                    lone = lone or (offset, header)
            offset += 1
        return lone

    def resync(self, end):
        """No block begins at `end`. The next (offset, header), or None."""
        if self.is_unfinished(end, self.expected()):
            if len(self.data) - end < BLOCK_HEADER or self.data[end : end + 8] != b"TDBLOCK\n":
                return None
            header = read_header(self.data[end : end + BLOCK_HEADER])
            return self.find_block(end + BLOCK_HEADER, header.next_seq)
        if self.blocks and not self.is_intact(*self.blocks[-1]):
            found = self.find_block(self.blocks[-1][0] + BLOCK_HEADER, self.expected())
            if found and found[0] < end:
                return found
        return self.find_block(end + 1)

    def scan(self):
        end = self.start
        while True:
            try:
                found = end, self.block_at(end)
            except (Damage, Tail):
                found = self.resync(end)
            if not found:
                break
            if found[0] < end:
                end = self.blocks.pop()[0]
            self.note_damage(end, found[0])
            self.blocks.append(found)
            end = found[0] + found[1].bytes
        if self.is_unfinished(end, self.expected()) and self.end == len(self.data):
            self.tail = len(self.data) - end
        else:
            self.note_damage(end, self.end)
            self.has_damaged_end = end < self.end and not self.has_footer_at(end)

    def events_of(self, offset, header):
        """The events of a block. Raises Damage."""
        frames, at = [], offset + BLOCK_HEADER
        for number, (stored, raw_bytes, expected) in enumerate(header.frames):
            data = self.data[at : at + stored]
            need(checksum(data) == expected, "a frame's checksum differs")
            frames.append(unpack_payloads(data, raw_bytes, header.form if number == 2 else 0, self.dictionary))
            at += stored
        events = read_events(header, frames)
        check_header(header, events)
        check_dictionary(header, frames[0], events)
        return events


def segments_of(log):
    names = sorted(name for name in os.listdir(log) if re.fullmatch(r"\d{20}\.seg", name))
    return [Segment(os.path.join(log, name)) for name in names]


def numbered(first, end):
    """(first, last) when there are numbers from first up to end."""
    return [(first, end - 1)] if first < end else []


def events_of(log):
    """All events of a log; (first, last) stands for sequence numbers that are missing."""
    expected = 0
    for segment in segments_of(log):
        need(segment.first_seq == int(os.path.basename(segment.path)[:20]), "a segment of another name")
        expected = expected or segment.first_seq
        for offset, header in segment.blocks:
            yield from numbered(expected, header.first_seq)
            expected = header.next_seq
            try:
                events = segment.events_of(offset, header)
            except Damage:
                yield header.first_seq, header.next_seq - 1
                continue
            yield from events
            last = events[-1]
            if last.kind == "gap" and last.flags & DAMAGE:
                expected = max(expected, last.details.get(15, 0) + 1)
    if expected:
        yield from numbered(expected, segment.end_seq())
