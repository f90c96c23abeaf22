"""Read a Perfetto trace: the wire format of protobuf, by the fields that Perfetto's protos (protos/perfetto/trace) define. Fields that
are not known, values of a wrong type and text that is not UTF-8 are errors."""
import struct

VARINT, FIXED64, BYTES = 0, 1, 2

# name, type: a message of this table, or how the value is written; lists: repeated.
MESSAGES = {
    "Trace": {1: ("packet", ["TracePacket"])},
    "TracePacket": {6: ("clock_snapshot", "ClockSnapshot"), 8: ("timestamp", "uint"), 10: ("sequence_id", "uint"), 11: ("track_event", "TrackEvent"),
                    12: ("interned_data", "InternedData"), 13: ("sequence_flags", "uint"), 60: ("track_descriptor", "TrackDescriptor")},
    "ClockSnapshot": {1: ("clocks", ["Clock"]), 2: ("primary_trace_clock", "uint")},
    "Clock": {1: ("clock_id", "uint"), 2: ("timestamp", "uint")},
    "InternedData": {1: ("event_categories", ["Interned"]), 2: ("event_names", ["Interned"]), 3: ("debug_annotation_names", ["Interned"])},
    "Interned": {1: ("iid", "uint"), 2: ("name", "string")},
    "TrackDescriptor": {1: ("uuid", "uint"), 2: ("name", "string"), 3: ("process", "ProcessDescriptor"), 5: ("parent_uuid", "uint"),
                        8: ("counter", "CounterDescriptor")},
    "ProcessDescriptor": {1: ("pid", "uint"), 6: ("process_name", "string")},
    "CounterDescriptor": {3: ("unit", "uint"), 6: ("unit_name", "string")},
    "TrackEvent": {3: ("category_iids", ["uint"]), 4: ("debug_annotations", ["DebugAnnotation"]), 9: ("type", "uint"), 10: ("name_iid", "uint"),
                   11: ("track_uuid", "uint"), 30: ("counter_value", "uint"), 47: ("flow_ids", ["fixed64"]), 48: ("terminating_flow_ids", ["fixed64"])},
    "DebugAnnotation": {1: ("name_iid", "uint"), 2: ("bool_value", "uint"), 3: ("uint_value", "uint"), 6: ("string_value", "string")},
}
BEGIN, END, INSTANT, COUNTER = 1, 2, 3, 4
STATE_CLEARED, NEEDS_STATE = 1, 2


class Wrong(Exception):
    pass


def demand(condition, claim):
    if not condition:
        raise Wrong(claim)


def varint(data, at):
    value = 0
    for shift in range(0, 70, 7):
        demand(at < len(data), "a number ends")
        value |= (data[at] & 0x7F) << shift
        at += 1
        if data[at - 1] < 0x80:
            demand(value < 2**64, "a number has 64 bits")
            return value, at
    raise Wrong("a number has ten bytes at most")


def field(data, at):
    """Number, type, value, and where the next one begins."""
    tag, at = varint(data, at)
    number, kind = tag >> 3, tag & 7
    if kind == VARINT:
        value, at = varint(data, at)
    elif kind == FIXED64:
        demand(at + 8 <= len(data), "eight bytes")
        value, at = struct.unpack_from("<Q", data, at)[0], at + 8
    else:
        demand(kind == BYTES, f"type {kind}")
        length, at = varint(data, at)
        demand(at + length <= len(data), "as many bytes as are announced")
        value, at = data[at : at + length], at + length
    return number, kind, value, at


def convert(kind, wire, value):
    demand(wire == {"uint": VARINT, "fixed64": FIXED64}.get(kind, BYTES), f"{kind} on the wire")
    if kind == "string":
        return value.decode("utf-8")
    return message(kind, value) if kind in MESSAGES else value


def message(name, data):
    found, at = {}, 0
    while at < len(data):
        number, wire, value, at = field(data, at)
        demand(number in MESSAGES[name], f"{name} has field {number}")
        key, kind = MESSAGES[name][number]
        if isinstance(kind, list):
            found.setdefault(key, []).append(convert(kind[0], wire, value))
        else:
            demand(key not in found, f"{name}.{key} stands once")
            found[key] = convert(kind, wire, value)
    return found


def check_order(packets):
    """What a reader needs is there before it is used. The packets with their names in place of numbers."""
    tracks, names, begun = set(), None, False
    for packet in packets:
        demand(packet["sequence_id"] != 0, "a sequence")
        if packet["sequence_flags"] & STATE_CLEARED:
            names, begun = {"event_names": {}, "debug_annotation_names": {}, "event_categories": {}}, True
        demand(begun, "the state is cleared first")
        for kind, defined in packet.get("interned_data", {}).items():
            for entry in defined:
                demand(entry["iid"] != 0 and entry["iid"] not in names[kind], "a number has one name")
                names[kind][entry["iid"]] = entry["name"]
        if described := packet.get("track_descriptor"):
            demand(described["uuid"] not in tracks and described.get("parent_uuid") in tracks | {None}, "a track is described once, after its parent")
            tracks.add(described["uuid"])
        if event := packet.get("track_event"):
            demand(packet["sequence_flags"] & NEEDS_STATE and "timestamp" in packet, "an event has a time and refers to names")
            demand(event["track_uuid"] in tracks, "an event has a track")
            resolve(event, names)
    return packets


def resolve(event, names):
    if "name_iid" in event:
        event["name"] = names["event_names"][event["name_iid"]]
    event["categories"] = [names["event_categories"][number] for number in event.get("category_iids", [])]
    event["notes"] = {}
    for note in event.get("debug_annotations", []):
        values = [value for key, value in note.items() if key != "name_iid"]
        demand(len(values) == 1, "an annotation has one value")
        event["notes"][names["debug_annotation_names"][note["name_iid"]]] = values[0]


def nest(packets):
    """Sort by time as the trace processor does, in the order of the file at equal times, and join the beginnings and ends on each track.
    Every event with its time; slices with their end."""
    stacks, events = {}, []
    for packet in sorted((packet for packet in packets if "track_event" in packet), key=lambda packet: packet["timestamp"]):
        event, stack = packet["track_event"], stacks.setdefault(packet["track_event"]["track_uuid"], [])
        event["start"] = packet["timestamp"]
        if event["type"] == END:
            demand(stack, "an end has a beginning")
            stack.pop()["end"] = packet["timestamp"]
            continue
        if event["type"] == BEGIN:
            stack.append(event)
        events.append(event)
    demand(not any(stacks.values()), "every slice ends")
    return events


def read(data):
    """The packets of a trace, and its events."""
    packets = check_order(message("Trace", data)["packet"])
    return packets, nest(packets)
