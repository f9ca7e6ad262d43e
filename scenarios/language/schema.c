/* The JSON Schema (draft-07) of scenario files, for editors. Each definition is that of one map
 * of keys.c, and a test holds the two together. */
#include "scenarios/language/scenario.h"

/* JSON is made of tokens of C. */
#define TEXT(...) #__VA_ARGS__
#define DEFINITION(...) #__VA_ARGS__ ",\n"

/* clang-format off */
const char mr_scenario_schema[] =
"{\n"
"\"$schema\": \"http://json-schema.org/draft-07/schema#\",\n"
"\"title\": \"Millrace scenario\",\n"
"\"$ref\": \"#/definitions/scenario\",\n"
"\"definitions\": {\n"

/* Single values. */
DEFINITION("duration": {
    "description": "a number of seconds, or a text with a unit: ns us ms s m h d",
    "anyOf": [
        {"type": "number", "minimum": 0},
        {"type": "string", "pattern": "^ *[+]?([0-9]+[.]?[0-9]*|[.][0-9]+) *(ns|us|ms|s|m|h|d)?$"}]})
DEFINITION("share": {
    "description": "0.1% or 0.001",
    "anyOf": [
        {"type": "number", "minimum": 0, "maximum": 1},
        {"type": "string", "pattern": "^[0-9]*[.]?[0-9]*%?$"}]})
DEFINITION("bytes": {
    "description": "512MB or 1GiB",
    "anyOf": [
        {"type": "integer", "minimum": 0},
        {"type": "string", "pattern": "^[0-9]+ ?(B|kB|MB|GB|KiB|MiB|GiB)?$"}]})
DEFINITION("process": {
    "description": "a process of the run",
    "type": "string", "pattern": "^(coordinator|broker|objects|operator|worker-[1-9][0-9]?)$"})
DEFINITION("peer": {
    "description": "a process of the run, or a service that a Lookup calls",
    "type": "string", "pattern": "^(worker-[1-9][0-9]?|[^w].*|w|w[^o].*)$"})
DEFINITION("value": {"anyOf": [{"type": "number"}, {"$ref": "#/definitions/duration"}]})

/* What is drawn. */
DEFINITION("between": {
    "type": "object", "additionalProperties": false, "required": ["between"],
    "properties": {"between": {
        "description": "evenly from the least to the most",
        "type": "array", "minItems": 2, "maxItems": 2, "items": {"$ref": "#/definitions/value"}}}})
DEFINITION("seeded": {
    "type": "object", "additionalProperties": false, "required": ["seeded"],
    "properties": {"seeded": {
        "description": "one of these, drawn a seed",
        "type": "array", "minItems": 1, "items": {"$ref": "#/definitions/value"}}}})
DEFINITION("constant": {
    "type": "object", "additionalProperties": false, "required": ["kind", "value"],
    "properties": {"kind": {"enum": ["constant"]}, "value": {"$ref": "#/definitions/value"}}})
DEFINITION("uniform": {
    "type": "object", "additionalProperties": false, "required": ["kind", "min", "max"],
    "properties": {"kind": {"enum": ["uniform"]},
        "min": {"$ref": "#/definitions/value"}, "max": {"$ref": "#/definitions/value"}}})
DEFINITION("exponential": {
    "type": "object", "additionalProperties": false, "required": ["kind", "mean"],
    "properties": {"kind": {"enum": ["exponential"]}, "mean": {"$ref": "#/definitions/value"},
        "min": {"$ref": "#/definitions/value"}, "max": {"$ref": "#/definitions/value"}}})
DEFINITION("lognormal": {
    "type": "object", "additionalProperties": false, "required": ["kind", "median", "p99"],
    "properties": {"kind": {"enum": ["lognormal"]},
        "median": {"$ref": "#/definitions/value"}, "p99": {"$ref": "#/definitions/value"},
        "min": {"$ref": "#/definitions/value"}, "max": {"$ref": "#/definitions/value"}}})
DEFINITION("bimodal": {
    "type": "object", "additionalProperties": false, "required": ["kind", "first", "second", "share"],
    "properties": {"kind": {"enum": ["bimodal"]},
        "first": {"$ref": "#/definitions/distribution"}, "second": {"$ref": "#/definitions/distribution"},
        "share": {"description": "of 'first'", "$ref": "#/definitions/share"}}})
DEFINITION("table": {
    "type": "object", "additionalProperties": false, "required": ["kind", "quantiles"],
    "properties": {"kind": {"enum": ["table"]},
        "quantiles": {"type": "array", "minItems": 2, "items": {"$ref": "#/definitions/value"}}}})
DEFINITION("distribution": {"anyOf": [
    {"$ref": "#/definitions/value"}, {"$ref": "#/definitions/between"},
    {"$ref": "#/definitions/constant"}, {"$ref": "#/definitions/uniform"},
    {"$ref": "#/definitions/exponential"}, {"$ref": "#/definitions/lognormal"},
    {"$ref": "#/definitions/bimodal"}, {"$ref": "#/definitions/table"}]})
DEFINITION("drawn": {"anyOf": [
    {"$ref": "#/definitions/distribution"}, {"$ref": "#/definitions/seeded"}]})

/* The input. */
DEFINITION("pipeline": {
    "type": "object", "additionalProperties": false, "required": ["file"],
    "properties": {
        "file": {"description": "a Beam YAML file, relative to this one", "type": "string"},
        "set": {"description": "values over those of the file: ReadFromLog.watermark.idle_after: 500ms",
            "type": "object"},
        "jinja_variables": {"description": "values of the names that the file's templates use",
            "type": "object"}}})
DEFINITION("stream": {
    "type": "object", "additionalProperties": false,
    "anyOf": [{"required": ["trace"]}, {"required": ["generate"]}],
    "properties": {
        "partitions": {"description": "default: the parallelism",
            "type": "integer", "minimum": 1, "maximum": 1024},
        "trace": {"description": "a CSV file, relative to this one", "type": "string"},
        "generate": {"$ref": "#/definitions/generate"},
        "key": {"description": "the field whose hash chooses the partition; default: by turns",
            "type": "string"},
        "event_time": {"description": "default: the field that ReadFromLog uses", "type": "string"},
        "arrival": {"$ref": "#/definitions/arrival"},
        "speedup": {"description": "divides the spans between arrivals; default 1",
            "type": "integer", "minimum": 1},
        "end": {"description": "open: no final watermark; needs run_for", "enum": ["bounded", "open"]},
        "disorder": {"$ref": "#/definitions/disorder"},
        "linger": {"description": "virtual time for which the producer holds a row back",
            "$ref": "#/definitions/distribution"},
        "silence": {"anyOf": [{"$ref": "#/definitions/silence"},
            {"type": "array", "items": {"$ref": "#/definitions/silence"}}]},
        "on_bad_time": {"enum": ["error", "drop"]},
        "max_future": {"description": "of an event time over the median of the trace",
            "$ref": "#/definitions/duration"},
        "max_past": {"description": "of an event time below the median of the trace",
            "$ref": "#/definitions/duration"}}})
DEFINITION("arrival": {
    "description": "when a row of the trace arrives; default: at its event time",
    "type": "object", "additionalProperties": false, "required": ["column"],
    "properties": {"column": {"type": "string"},
        "unit": {"description": "default s", "enum": ["us", "ms", "s", "min", "h"]},
        "relative_to": {"enum": ["event_time"]}}})
DEFINITION("disorder": {
    "type": "object", "additionalProperties": false,
    "properties": {
        "extra": {"description": "trace time added to the arrival of each row",
            "$ref": "#/definitions/distribution"},
        "duplicates": {"description": "of the rows arrive twice", "$ref": "#/definitions/share"}}})
DEFINITION("silence": {
    "description": "a partition whose rows are withheld",
    "type": "object", "additionalProperties": false, "required": ["partition"],
    "properties": {"partition": {"type": "integer", "minimum": 0, "maximum": 1023},
        "from": {"$ref": "#/definitions/duration"},
        "for": {"description": "default: for good", "$ref": "#/definitions/duration"}}})
DEFINITION("generate": {
    "description": "rows that are made instead of read",
    "type": "object", "additionalProperties": false, "required": ["rows", "duration"],
    "properties": {"rows": {"type": "integer", "minimum": 1},
        "duration": {"description": "virtual time over which they arrive", "$ref": "#/definitions/duration"},
        "keys": {"description": "default 100", "type": "integer", "minimum": 1},
        "key_bytes": {"description": "of keys that are strings; default 12",
            "type": "integer", "minimum": 8, "maximum": 64},
        "values": {"description": "other integers lie below this; default 1000",
            "type": "integer", "minimum": 1},
        "disorder": {"description": "event times lie back by up to this", "$ref": "#/definitions/duration"},
        "start": {"description": "the event time of the first row", "anyOf": [
            {"type": "string"}, {"type": "number"}]},
        "nexmark": {"description": "events of this kind, of rows events in all",
            "enum": ["person", "auction", "bid"]}}})
DEFINITION("output": {
    "type": "object", "additionalProperties": false,
    "properties": {"partitions": {"description": "default: the parallelism",
        "type": "integer", "minimum": 1, "maximum": 1024}}})

/* The world. */
DEFINITION("services": {
    "type": "object", "additionalProperties": {"$ref": "#/definitions/lookup"},
    "properties": {"broker": {"$ref": "#/definitions/broker"}, "objects": {"$ref": "#/definitions/objects"}}})
DEFINITION("broker": {
    "type": "object", "additionalProperties": false,
    "properties": {"latency": {"$ref": "#/definitions/distribution"}}})
DEFINITION("objects": {
    "type": "object", "additionalProperties": false,
    "properties": {"put": {"$ref": "#/definitions/distribution"}, "get": {"$ref": "#/definitions/distribution"},
        "bytes_per_second": {"$ref": "#/definitions/bytes"}}})
DEFINITION("lookup": {
    "description": "what a Lookup of this connector calls",
    "type": "object", "additionalProperties": false, "required": ["table", "key"],
    "properties": {
        "table": {"description": "a CSV file with a header", "type": "string"},
        "key": {"description": "the column of the keys", "type": "string"},
        "latency": {"description": "of a call; default median 5ms, p99 50ms", "$ref": "#/definitions/distribution"},
        "errors": {"description": "calls that are answered with an error", "$ref": "#/definitions/share"},
        "lost": {"description": "calls that are never answered", "$ref": "#/definitions/share"}}})
DEFINITION("cluster": {
    "type": "object", "additionalProperties": false,
    "properties": {
        "workers": {"description": "default 3", "type": "integer", "minimum": 1, "maximum": 32},
        "slots": {"description": "of each worker; default 2", "type": "integer", "minimum": 1, "maximum": 64},
        "parallelism": {"description": "default: all slots", "type": "integer", "minimum": 1, "maximum": 64},
        "checkpoint": {"$ref": "#/definitions/checkpoint"},
        "batch": {"description": "most rows of a message; default {seeded: [1, 10, 100]}",
            "$ref": "#/definitions/drawn"},
        "fetch": {"$ref": "#/definitions/fetch"},
        "credit": {"description": "messages under way on a channel; default 8", "type": "integer", "minimum": 2},
        "watermark_every": {"description": "default 200ms", "$ref": "#/definitions/duration"},
        "flush_after": {"description": "a row waits at most so long for its batch; default 20ms",
            "$ref": "#/definitions/duration"},
        "heartbeat": {"$ref": "#/definitions/heartbeat"},
        "restart": {"$ref": "#/definitions/restart"},
        "transaction_timeout": {"description": "default 60s", "$ref": "#/definitions/duration"},
        "costs": {"$ref": "#/definitions/costs"}}})
DEFINITION("checkpoint": {
    "type": "object", "additionalProperties": false,
    "properties": {
        "every": {"description": "default 2s; 0: only the final one", "$ref": "#/definitions/drawn"},
        "mode": {"enum": ["aligned"]},
        "timeout": {"description": "default 10s", "$ref": "#/definitions/duration"},
        "retention": {"description": "checkpoints that are kept; default 3",
            "type": "integer", "minimum": 1, "maximum": 32}}})
DEFINITION("fetch": {
    "type": "object", "additionalProperties": false,
    "properties": {
        "rows": {"description": "most rows that a source reads at a time; default 500",
            "$ref": "#/definitions/drawn"},
        "rows_min": {"description": "a fetch waits for so many; default 1", "type": "integer", "minimum": 1},
        "wait": {"description": "but no longer than this; default 500ms", "$ref": "#/definitions/duration"}}})
DEFINITION("heartbeat": {
    "type": "object", "additionalProperties": false,
    "properties": {"every": {"description": "default 500ms", "$ref": "#/definitions/duration"},
        "timeout": {"description": "default 2s", "$ref": "#/definitions/duration"}}})
DEFINITION("restart": {
    "type": "object", "additionalProperties": false,
    "properties": {
        "backoff": {"description": "before the second attempt, then doubling; default 500ms",
            "$ref": "#/definitions/duration"},
        "backoff_max": {"description": "default 10s", "$ref": "#/definitions/duration"},
        "attempts": {"description": "default 50", "type": "integer", "minimum": 1, "maximum": 1000000}}})
DEFINITION("costs": {
    "description": "virtual CPU time",
    "type": "object", "additionalProperties": false,
    "properties": {"message": {"description": "default 5us", "$ref": "#/definitions/duration"},
        "row": {"description": "through one operator; default 200ns", "$ref": "#/definitions/duration"},
        "snapshot_kb": {"description": "default 10us", "$ref": "#/definitions/duration"}}})
DEFINITION("network": {
    "type": "object", "additionalProperties": false,
    "properties": {"preset": {"$ref": "#/definitions/preset"},
        "latency": {"description": "of one message, one way", "$ref": "#/definitions/distribution"},
        "bytes_per_second": {"description": "0: no bound", "$ref": "#/definitions/bytes"},
        "send_timeout": {"description": "after which a partition resets a connection; default 5s",
            "$ref": "#/definitions/duration"},
        "loopback": {"description": "default 20us", "$ref": "#/definitions/duration"},
        "links": {"type": "array", "items": {"$ref": "#/definitions/link"}}}})
DEFINITION("preset": {"enum": ["datacenter", "wan", "calm"]})
DEFINITION("link": {
    "description": "one direction between two processes",
    "type": "object", "additionalProperties": false, "required": ["from", "to"],
    "properties": {"from": {"$ref": "#/definitions/process"}, "to": {"$ref": "#/definitions/process"},
        "latency": {"$ref": "#/definitions/distribution"}, "bytes_per_second": {"$ref": "#/definitions/bytes"}}})

/* What goes wrong. */
DEFINITION("fault": {
    "description": "one of the kinds, and perhaps a name",
    "type": "object", "additionalProperties": false, "maxProperties": 2,
    "properties": {"crash": {"$ref": "#/definitions/crash"}, "pause": {"$ref": "#/definitions/pause"},
        "slow_cpu": {"$ref": "#/definitions/slow_cpu"}, "partition": {"$ref": "#/definitions/partition"},
        "reset": {"$ref": "#/definitions/reset"}, "slow_link": {"$ref": "#/definitions/slow_link"},
        "name": {"description": "keys the draws; default: made from the content", "type": "string"}}})
DEFINITION("worker": {"anyOf": [{"enum": ["any"]}, {"type": "integer", "minimum": 1, "maximum": 32}]})
DEFINITION("at": {
    "description": "a time, or a named point",
    "anyOf": [{"$ref": "#/definitions/drawn"}, {"$ref": "#/definitions/at_point"}]})
DEFINITION("at_point": {
    "type": "object", "additionalProperties": false, "required": ["point"],
    "properties": {
        "point": {"description": "see `millrace points`; of a list one is drawn", "anyOf": [
            {"$ref": "#/definitions/point"},
            {"type": "array", "minItems": 1, "items": {"$ref": "#/definitions/point"}}]},
        "occurrence": {"description": "the n-th time in the run that it is reached; default 1",
            "$ref": "#/definitions/drawn"}}})
DEFINITION("crash": {
    "type": "object", "additionalProperties": false, "required": ["at"],
    "properties": {"worker": {"$ref": "#/definitions/worker"}, "process": {"$ref": "#/definitions/process"},
        "at": {"$ref": "#/definitions/at"},
        "restart_after": {"description": "or never; default 1s",
            "anyOf": [{"enum": ["never"]}, {"$ref": "#/definitions/drawn"}]},
        "waits_for_handler": {
            "description": "a timed crash waits for the next handler and cuts it; default: half of them",
            "type": "boolean"}}})
DEFINITION("pause": {
    "type": "object", "additionalProperties": false, "required": ["at", "for"],
    "properties": {"worker": {"$ref": "#/definitions/worker"}, "process": {"$ref": "#/definitions/process"},
        "at": {"$ref": "#/definitions/at"}, "for": {"$ref": "#/definitions/drawn"}}})
DEFINITION("slow_cpu": {
    "type": "object", "additionalProperties": false, "required": ["at", "for", "factor"],
    "properties": {"worker": {"$ref": "#/definitions/worker"}, "process": {"$ref": "#/definitions/process"},
        "at": {"$ref": "#/definitions/at"}, "for": {"$ref": "#/definitions/drawn"},
        "factor": {"$ref": "#/definitions/drawn"}}})
DEFINITION("partition": {
    "type": "object", "additionalProperties": false, "required": ["from", "to", "at", "for"],
    "properties": {"from": {"$ref": "#/definitions/peer"}, "to": {"$ref": "#/definitions/peer"},
        "both": {"description": "default true", "type": "boolean"},
        "at": {"$ref": "#/definitions/at"}, "for": {"$ref": "#/definitions/drawn"}}})
DEFINITION("reset": {
    "type": "object", "additionalProperties": false, "required": ["from", "to", "at"],
    "properties": {"from": {"$ref": "#/definitions/peer"}, "to": {"$ref": "#/definitions/peer"},
        "at": {"$ref": "#/definitions/at"}}})
DEFINITION("slow_link": {
    "type": "object", "additionalProperties": false, "required": ["from", "to", "at", "for"],
    "anyOf": [{"required": ["factor"]}, {"required": ["extra"]}],
    "properties": {"from": {"$ref": "#/definitions/peer"}, "to": {"$ref": "#/definitions/peer"},
        "both": {"description": "default true", "type": "boolean"},
        "at": {"$ref": "#/definitions/at"}, "for": {"$ref": "#/definitions/drawn"},
        "factor": {"description": "of the latency; default 1", "$ref": "#/definitions/drawn"},
        "extra": {"description": "added to the latency; default 0s", "$ref": "#/definitions/drawn"}}})
DEFINITION("chances": {
    "description": "awkward but legal choices of the engine; {} for the defaults, none without this key",
    "type": "object", "additionalProperties": false,
    "properties": {
        "activation": {"description": "of a site in a run; default 25%", "$ref": "#/definitions/share"},
        "firing": {"description": "of an active site at a visit; default 5%", "$ref": "#/definitions/share"}}})
DEFINITION("job_step": {
    "description": "stop and restart by turns",
    "type": "object", "additionalProperties": false, "minProperties": 1, "maxProperties": 1,
    "properties": {"stop": {"$ref": "#/definitions/job_stop"}, "restart": {"$ref": "#/definitions/job_restart"}}})
DEFINITION("job_stop": {
    "type": ["object", "null"], "additionalProperties": false,
    "properties": {"at": {"description": "not before this time; default 0s", "$ref": "#/definitions/drawn"},
        "after_checkpoints": {"description": "nor before so many have completed; default 0",
            "type": "integer", "minimum": 0, "maximum": 1000000}}})
DEFINITION("job_restart": {
    "type": ["object", "null"], "additionalProperties": false,
    "properties": {"after": {"description": "since the stop; default 1s", "$ref": "#/definitions/drawn"},
        "checkpoints_back": {"description": "0: from the last completed one",
            "type": "integer", "minimum": 0, "maximum": 31},
        "topics": {"description": "outputs that go elsewhere from now on: {old: new}",
            "type": "object", "maxProperties": 8, "additionalProperties": {"type": "string"}}}})

/* What must hold. */
DEFINITION("check": {
    "description": "all but late are on unless they are false",
    "type": "object", "additionalProperties": false,
    "properties": {
        "exactly_once": {"anyOf": [{"type": ["boolean", "null"]}, {"$ref": "#/definitions/check_exactly_once"}]},
        "watermarks": {"anyOf": [{"type": ["boolean", "null"]}, {"$ref": "#/definitions/check_plain"}]},
        "consistent_cut": {"anyOf": [{"type": ["boolean", "null"]}, {"$ref": "#/definitions/check_plain"}]},
        "conservation": {"anyOf": [{"type": ["boolean", "null"]}, {"$ref": "#/definitions/check_plain"}]},
        "order": {"anyOf": [{"type": ["boolean", "null"]}, {"$ref": "#/definitions/check_plain"}]},
        "lookups": {"anyOf": [{"type": ["boolean", "null"]}, {"$ref": "#/definitions/check_plain"}]},
        "liveness": {"anyOf": [{"type": ["boolean", "null"]}, {"$ref": "#/definitions/check_liveness"}]},
        "late": {"anyOf": [{"enum": [false]}, {"$ref": "#/definitions/check_late"}]}}})
DEFINITION("check_plain": {"type": "object", "additionalProperties": false, "properties": {}})
DEFINITION("check_exactly_once": {
    "type": "object", "additionalProperties": false, "properties": {"outputs": {"enum": ["all"]}}})
DEFINITION("check_liveness": {
    "type": "object", "additionalProperties": false,
    "properties": {"within": {"description": "of the last fault; default: ten checkpoint intervals",
        "$ref": "#/definitions/duration"}}})
DEFINITION("check_late": {
    "type": "object", "additionalProperties": false, "required": ["dropped_at_most"],
    "properties": {"dropped_at_most": {"description": "of the rows read", "$ref": "#/definitions/share"}}})
DEFINITION("expect": {
    "type": "object", "additionalProperties": false, "required": ["fail"],
    "properties": {"fail": {"$ref": "#/definitions/expect_fail"}}})
DEFINITION("expect_fail": {
    "description": "this check must fail; all others must pass",
    "type": "object", "additionalProperties": false, "required": ["check", "verdict"],
    "properties": {
        "check": {"enum": ["exactly_once", "watermarks", "consistent_cut", "conservation", "order",
            "liveness", "late", "run", "assertions", "steps", "lookups"]},
        "verdict": {"enum": ["LOSS", "DUPLICATE", "WRONG", "REORDERED", "ABORTED_VISIBLE",
            "WATERMARK_REGRESSED", "WATERMARK_OVERTOOK", "FALSE_LATE", "PANE_CONTRACT", "CUT_INCONSISTENT",
            "STATE_LEAK", "STUCK", "SLOW", "DIVERGED", "LATE", "LIMIT", "DRIFTED", "OVERRUN", "HASTY", "STALE"]},
        "seeds": {"$ref": "#/definitions/expect_seeds"}}})
DEFINITION("expect_seeds": {
    "type": "object", "additionalProperties": false,
    "properties": {"at_least": {"description": "of the whole campaign; default 1",
        "type": "integer", "minimum": 0}}})
DEFINITION("limits": {
    "type": "object", "additionalProperties": false,
    "properties": {"virtual_time": {"description": "default 10m", "$ref": "#/definitions/duration"},
        "events": {"description": "default 5000000", "type": "integer", "minimum": 1},
        "memory": {"description": "of the run; default 256MiB", "$ref": "#/definitions/bytes"}}})

/* Steps. */
DEFINITION("time": {
    "description": "seconds since 1970, 2001-01-03T07:00:00Z, a duration since 1970, or infinity",
    "type": ["number", "string"]})
DEFINITION("step": {
    "description": "one of these, see docs/steps.md; checkpoint, restore and expect_none may stand alone",
    "type": "object", "additionalProperties": false, "minProperties": 1, "maxProperties": 1,
    "properties": {
        "rows": {"anyOf": [{"$ref": "#/definitions/step_rows"}, {"type": ["array", "object"]}]},
        "watermark": {"anyOf": [{"$ref": "#/definitions/step_watermark"},
            {"$ref": "#/definitions/time"}, {"type": "object"}]},
        "idle": {"anyOf": [{"$ref": "#/definitions/step_input"}, {"type": ["string", "null"]}]},
        "active": {"anyOf": [{"$ref": "#/definitions/step_input"}, {"type": ["string", "null"]}]},
        "processing_time": {"anyOf": [{"$ref": "#/definitions/step_advance"},
            {"$ref": "#/definitions/duration"}]},
        "checkpoint": {"type": ["null", "object"]},
        "restore": {"type": ["null", "object"]},
        "expect": {"anyOf": [{"$ref": "#/definitions/step_expect"}, {"type": ["array", "object"]}]},
        "expect_none": {"anyOf": [{"$ref": "#/definitions/step_output"},
            {"type": ["string", "array", "null"]}]},
        "expect_state": {"$ref": "#/definitions/step_state"}}})
DEFINITION("step_rows": {
    "type": "object", "additionalProperties": false, "required": ["rows"],
    "properties": {"input": {"type": "string"},
        "timestamp": {"description": "of those rows that have none", "$ref": "#/definitions/time"},
        "rows": {"type": "array",
            "items": {"anyOf": [{"$ref": "#/definitions/step_row"}, {"type": "object"}]}}}})
DEFINITION("step_row": {
    "type": "object", "additionalProperties": false, "required": ["row"],
    "properties": {"row": {"type": "object"}, "timestamp": {"$ref": "#/definitions/time"}}})
DEFINITION("step_watermark": {
    "type": "object", "additionalProperties": false, "required": ["to"],
    "properties": {"input": {"type": "string"}, "to": {"$ref": "#/definitions/time"}}})
DEFINITION("step_input": {
    "type": "object", "additionalProperties": false, "properties": {"input": {"type": "string"}}})
DEFINITION("step_advance": {
    "type": "object", "additionalProperties": false, "required": ["advance"],
    "properties": {"advance": {"$ref": "#/definitions/duration"}}})
DEFINITION("step_expect": {
    "type": "object", "additionalProperties": false,
    "properties": {"output": {"type": "string"},
        "rows": {"type": "array",
            "items": {"anyOf": [{"$ref": "#/definitions/step_pane"}, {"type": "object"}]}},
        "panes": {"type": "array",
            "items": {"anyOf": [{"$ref": "#/definitions/step_pane"}, {"type": "object"}]}}}})
DEFINITION("step_pane": {
    "type": "object", "additionalProperties": false, "required": ["row"],
    "properties": {"row": {"type": "object"},
        "window": {"anyOf": [{"$ref": "#/definitions/step_window"}, {"enum": ["global"]},
            {"type": "array", "minItems": 2, "maxItems": 2, "items": {"$ref": "#/definitions/time"}}]},
        "timestamp": {"$ref": "#/definitions/time"},
        "timing": {"enum": ["early", "on_time", "late", "unknown", "on-time"]},
        "index": {"type": "integer", "minimum": 0},
        "nonspeculative_index": {"type": "integer", "minimum": -1},
        "is_last": {"type": "boolean"},
        "kind": {"enum": ["insert", "update_before", "update_after", "delete"]}}})
DEFINITION("step_window": {
    "type": "object", "additionalProperties": false, "required": ["start", "end"],
    "properties": {"start": {"$ref": "#/definitions/time"}, "end": {"$ref": "#/definitions/time"}}})
DEFINITION("step_output": {
    "type": "object", "additionalProperties": false, "properties": {"output": {"type": "string"}}})
DEFINITION("step_state": {
    "type": "object", "additionalProperties": false, "required": ["transform"],
    "properties": {"transform": {"description": "a Combine", "type": "string"},
        "key": {"description": "{field: value}, or the value of the only field",
            "type": ["object", "string", "number", "boolean", "null"]},
        "window": {"anyOf": [{"$ref": "#/definitions/step_window"}, {"enum": ["global"]},
            {"type": "array", "minItems": 2, "maxItems": 2, "items": {"$ref": "#/definitions/time"}}]},
        "present": {"type": ["boolean", "null"]},
        "gone": {"type": ["boolean", "null"]}}})

DEFINITION("step_source": {
    "type": "object", "additionalProperties": false, "required": ["schema"],
    "properties": {"schema": {"description": "of its rows, as in ReadFromLog", "type": "object"},
        "event_time": {"description": "the field; default: the time is handed in",
            "type": "string"}}})

/* The words of the registries in base/point.h. */
DEFINITION("point": {"enum": [
    "checkpoint.triggered", "checkpoint.barrier_sent", "checkpoint.snapshot",
    "checkpoint.state_put", "checkpoint.ack_sent", "checkpoint.before_pointer",
    "checkpoint.completed", "sink.precommitted", "sink.before_commit", "sink.commit_sent",
    "sink.committed", "restore.started", "restore.finished", "deploy.sent"]})
DEFINITION("milestone": {"enum": [
    "recovered_from_checkpoint", "recovered_from_nothing", "committed_after_restore",
    "transaction_aborted", "producer_fenced", "late_row_dropped", "late_pane_fired",
    "partition_idle", "backpressured", "checkpoint_aborted", "coordinator_restarted",
    "worker_restarted", "connection_reset", "handler_cut", "rewound", "source_paused",
    "lookup_retried", "lookup_reissued"]})

TEXT("scenario": {
    "type": "object", "additionalProperties": false, "required": ["scenario", "pipeline"],
    "properties": {
        "scenario": {"description": "its name", "type": "string", "minLength": 1, "maxLength": 100},
        "about": {"description": "what it shows, in a sentence", "type": "string"},
        "pipeline": {"anyOf": [{"type": "string"}, {"$ref": "#/definitions/pipeline"}]},
        "streams": {"description": "the topics that are read", "type": "object",
            "additionalProperties": {"$ref": "#/definitions/stream"}},
        "outputs": {"description": "the topics that are written", "type": "object",
            "additionalProperties": {"anyOf": [{"type": "null"}, {"$ref": "#/definitions/output"}]}},
        "services": {"$ref": "#/definitions/services"},
        "cluster": {"$ref": "#/definitions/cluster"},
        "network": {"anyOf": [{"$ref": "#/definitions/preset"}, {"$ref": "#/definitions/network"}]},
        "faults": {"description": "at most 64", "anyOf": [{"type": "null"},
            {"type": "array", "maxItems": 64, "items": {"$ref": "#/definitions/fault"}}]},
        "chances": {"$ref": "#/definitions/chances"},
        "job": {"description": "what its operator does", "type": "array", "maxItems": 16,
            "items": {"$ref": "#/definitions/job_step"}},
        "check": {"$ref": "#/definitions/check"},
        "expect": {"anyOf": [{"enum": ["pass"]}, {"$ref": "#/definitions/expect"}]},
        "sometimes": {"description": "milestones that some seed must reach", "type": "array",
            "items": {"$ref": "#/definitions/milestone"}},
        "seeds": {"description": "how many, from 1 on; or a list of the one seed", "anyOf": [
            {"type": "integer", "minimum": 1},
            {"type": "array", "minItems": 1, "maxItems": 1, "items": {"type": "integer", "minimum": 0}}]},
        "run_for": {"description": "where a run with open streams stops", "$ref": "#/definitions/duration"},
        "limits": {"$ref": "#/definitions/limits"},
        "steps": {"description": "what is done one after the other, see docs/steps.md",
            "type": "array", "minItems": 1, "maxItems": 10000,
            "items": {"anyOf": [{"$ref": "#/definitions/step"},
                {"enum": ["idle", "active", "checkpoint", "restore", "expect_none"]}]}},
        "inputs": {"description": "steps: transforms of the pipeline that they feed in their place",
            "type": "object", "additionalProperties": {"$ref": "#/definitions/step_source"}},
        "every_restore": {"description": "steps: a checkpoint and a restore between each two",
            "type": "boolean"},
        "split": {"description": "steps: each input over so many channels",
            "type": "integer", "minimum": 1, "maximum": 16}}})
"\n}\n}\n";
