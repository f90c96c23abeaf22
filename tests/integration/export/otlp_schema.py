"""What OTLP/JSON may look like: names and types of fields as opentelemetry/proto/{trace,common,resource}/v1/*.proto define them, in the
JSON form that the OTLP specification prescribes ("JSON Protobuf Encoding")."""
import re

MESSAGES = {
    "TracesData": {"resourceSpans": ["ResourceSpans"]},
    "ResourceSpans": {"resource": "Resource", "scopeSpans": ["ScopeSpans"], "schemaUrl": "string"},
    "Resource": {"attributes": ["KeyValue"], "droppedAttributesCount": "uint32"},
    "ScopeSpans": {"scope": "Scope", "spans": ["Span"], "schemaUrl": "string"},
    "Scope": {"name": "string", "version": "string", "attributes": ["KeyValue"], "droppedAttributesCount": "uint32"},
    "Span": {
        "traceId": "trace id", "spanId": "span id", "traceState": "string", "parentSpanId": "parent id", "flags": "uint32",
        "name": "string", "kind": "enum 1 5", "startTimeUnixNano": "uint64", "endTimeUnixNano": "uint64",
        "attributes": ["KeyValue"], "droppedAttributesCount": "uint32", "events": ["Event"], "droppedEventsCount": "uint32",
        "links": ["Link"], "droppedLinksCount": "uint32", "status": "Status"},
    "Event": {"timeUnixNano": "uint64", "name": "string", "attributes": ["KeyValue"], "droppedAttributesCount": "uint32"},
    "Link": {"traceId": "trace id", "spanId": "span id", "traceState": "string", "attributes": ["KeyValue"],
             "droppedAttributesCount": "uint32", "flags": "uint32"},
    "Status": {"message": "string", "code": "enum 0 2"},
    "KeyValue": {"key": "string", "value": "AnyValue"},
    "AnyValue": {"stringValue": "string", "boolValue": "bool", "intValue": "int64", "doubleValue": "double", "bytesValue": "string",
                 "arrayValue": "ArrayValue", "kvlistValue": "KeyValueList"},
    "ArrayValue": {"values": ["AnyValue"]},
    "KeyValueList": {"values": ["KeyValue"]},
}
REQUIRED = {"Span": ("traceId", "spanId", "name", "kind", "startTimeUnixNano", "endTimeUnixNano"), "Link": ("traceId", "spanId"),
            "KeyValue": ("key", "value")}
PATTERNS = {"trace id": "[0-9a-f]{32}", "span id": "[0-9a-f]{16}", "parent id": "([0-9a-f]{16})?", "uint64": "[0-9]{1,20}",
            "int64": "-?[0-9]{1,19}"}


class Wrong(Exception):
    pass


def demand(condition, what, value):
    if not condition:
        raise Wrong(f"{what}: {value!r:.300}")


def check_scalar(kind, value):
    if kind in PATTERNS:
        demand(isinstance(value, str) and re.fullmatch(PATTERNS[kind], value), kind, value)
        demand("id" not in kind or not value or int(value, 16) != 0, "an id is not 0", value)
    elif kind == "string":
        demand(isinstance(value, str), kind, value)
        value.encode("utf-8")  # no lone surrogates
    elif kind == "bool":
        demand(isinstance(value, bool), kind, value)
    elif kind == "double":
        demand(isinstance(value, float), kind, value)
    else:  # "uint32", "enum FIRST LAST"
        first, last = (int(word) for word in kind.split()[1:]) if kind.startswith("enum") else (0, 2**32 - 1)
        demand(isinstance(value, int) and not isinstance(value, bool) and first <= value <= last, kind, value)


def check_message(name, value):
    demand(isinstance(value, dict), name, value)
    for field in REQUIRED.get(name, ()):
        demand(field in value, f"{name} has {field}", value)
    demand(name != "AnyValue" or len(value) == 1, "a value has one type", value)
    for field, content in value.items():
        demand(field in MESSAGES[name], f"{name} knows the field", field)
        check_value(MESSAGES[name][field], content)


def check_value(kind, value):
    if isinstance(kind, list):
        demand(isinstance(value, list), kind, value)
        for element in value:
            check_value(kind[0], element)
    elif kind in MESSAGES:
        check_message(kind, value)
    else:
        check_scalar(kind, value)


def attributes(list_of_pairs):
    """The attributes as a dictionary of plain values; no key stands in it twice."""
    keys = [pair["key"] for pair in list_of_pairs]
    demand(len(keys) == len(set(keys)), "keys are unique", keys)
    values = [next(iter(pair["value"].items())) for pair in list_of_pairs]
    return dict(zip(keys, (int(value) if kind == "intValue" else value for kind, value in values)))


def spans(document):
    """Check a TracesData. Its spans, each with "service" and with its attributes as a dictionary."""
    check_message("TracesData", document)
    found = []
    for of_resource in document["resourceSpans"]:
        resource = attributes(of_resource["resource"]["attributes"])
        for of_scope in of_resource["scopeSpans"]:
            for span in of_scope["spans"]:
                demand(int(span["startTimeUnixNano"]) <= int(span["endTimeUnixNano"]), "a span ends after its start", span)
                found.append(span | {"service": resource["service.name"], "attributes": attributes(span["attributes"])})
    return found
