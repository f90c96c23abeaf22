"""A timeline for Perfetto, read by a reader made from its protos alone: tracks, slices that nest, arrows, counters.

  perfetto.py TAPEDECK WRITE_SAMPLES"""
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "sniffed")]

import running
import trackevents
from running import expect
from trackevents import BEGIN, COUNTER, INSTANT

TAPEDECK, WRITE_SAMPLES = (os.path.abspath(path) for path in sys.argv[1:3])
BOOTTIME, REALTIME = 6, 1


def export(*arguments):
    done = subprocess.run((TAPEDECK, "export", *arguments, "--format", "perfetto"), capture_output=True, check=False)
    expect(done.returncode == 0, f"{arguments} is exported: {done.stderr.decode()}")
    return trackevents.read(done.stdout)


def every_client_is_a_process_with_tracks(packets, events):
    described = {packet["track_descriptor"]["uuid"]: packet["track_descriptor"] for packet in packets if "track_descriptor" in packet}
    processes = [track["process"] for track in described.values() if "process" in track]
    expect(len({process["pid"] for process in processes}) == len(processes) > 3, "each process has a number")
    expect(any(process["process_name"].startswith("gateway #") for process in processes), "it has the client's name")
    for event in events:
        track = described[event["track_uuid"]]
        expect("counter" in track if event["type"] == COUNTER else "process" in described[track["parent_uuid"]], "an event is below a process")


def times_are_those_of_the_day(packets, events):
    clocks = next(packet["clock_snapshot"] for packet in packets if "clock_snapshot" in packet)
    times = {clock["clock_id"]: clock["timestamp"] for clock in clocks["clocks"]}
    expect(times[BOOTTIME] == times[REALTIME] and clocks["primary_trace_clock"] == BOOTTIME, "the trace's clock is the time of day")
    expect(all(abs(event["start"] - times[REALTIME]) < 7200 * 10**9 for event in events), "events are at their times")


def arrows_lead_from_publisher_to_receiver_to_reply(events):
    sources = {flow: event for event in events for flow in event.get("flow_ids", [])}
    ends = [(flow, event) for event in events for flow in event.get("terminating_flow_ids", [])]
    expect(len(ends) > 10 and len({flow for flow, _ in ends}) == len(ends), "arrows end once")
    for flow, event in ends:
        source = sources[flow]
        expect(source["start"] <= event.get("end", event["start"]), "an arrow leads ahead")
        expect(source["notes"]["seq"] == event["notes"]["seq"] and source["track_uuid"] != event["track_uuid"], "it is one message's, and leaves its track")
    replies = [event for event in events if event.get("name", "").startswith("reply ")]
    expect(replies and all(set(reply["flow_ids"]) & {flow for flow, _ in ends} for reply in replies if "flow_ids" in reply) , "replies have arrows, too")


def requests_are_slices_from_request_to_reply(events):
    asked = [event for event in events if event.get("name", "").startswith("request ") and event["type"] == BEGIN]
    expect(asked and all(event["end"] > event["start"] for event in asked), "a request takes time")
    expect(any(event["notes"].get("error") == "no reply within 10 s" for event in asked), "one that is not answered says so")
    expect(all(event["categories"] == ["nats"] and event["notes"]["subject"] for event in asked), "it says what was asked")


def counters_add_up(events, messages, size):
    values = [event["counter_value"] for event in events if event["type"] == COUNTER]
    tracks = sorted({event["track_uuid"] for event in events if event["type"] == COUNTER})
    sums = [sum(event["counter_value"] for event in events if event["type"] == COUNTER and event["track_uuid"] == track) // 10 for track in tracks]
    expect(len(values) > 4 and sums == [messages, size], f"the rates add up to all messages and bytes: {sums}")


def totals(log):
    done = subprocess.run((TAPEDECK, "export", log, "--format", "csv", "--columns", "size,headers"), capture_output=True, check=True)
    return done.stdout


def overlapping_requests_have_lanes_of_their_own(folder):
    packets, events = export(os.path.join(folder, "busy"))
    lanes = {packet["track_descriptor"]["uuid"] for packet in packets if packet.get("track_descriptor", {}).get("name") == "in flight"}
    slices = [event for event in events if event["type"] == BEGIN]
    expect({event["track_uuid"] for event in slices} == lanes and slices, "slices are in lanes")
    expect(all(event["track_uuid"] not in lanes for event in events if event["type"] == INSTANT), "and what takes no time is not")


def hostile_text_is_valid(folder):
    packets, events = export(os.path.join(folder, "hostile"))
    texts = [event["name"] for event in events if "name" in event] + [value for event in events for value in event["notes"].values() if isinstance(value, str)]
    texts += [packet["track_descriptor"]["process"]["process_name"] for packet in packets if "process" in packet.get("track_descriptor", {})]
    expect(texts and not any(ord(character) < 32 and character != "\n" or 0x202A <= ord(character) <= 0x202E for text in texts for character in text), "no controls, no overrides")


def main():
    with running.open_folder("perfetto") as folder:
        subprocess.run((WRITE_SAMPLES, "services"), cwd=folder, check=True)
        subprocess.run((WRITE_SAMPLES,), cwd=folder, check=True)
        packets, events = export(os.path.join(folder, "services"))
        every_client_is_a_process_with_tracks(packets, events)
        times_are_those_of_the_day(packets, events)
        arrows_lead_from_publisher_to_receiver_to_reply(events)
        requests_are_slices_from_request_to_reply(events)
        sent = [event for event in events if event.get("name", "").split(" ")[0] in ("publish", "request", "reply")]
        counters_add_up(events, len(sent), sum(event["notes"]["size"] for event in sent))
        overlapping_requests_have_lanes_of_their_own(folder)
        hostile_text_is_valid(folder)


if __name__ == "__main__":
    main()
