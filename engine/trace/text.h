// Events as people and programs read them: one line of text, or one line of JSON.
#pragma once

#include <string>

#include "trace/recorded_event.h"

namespace trapline::trace {

// Appends one line without its line break: seq, tick, retired, cause, then the kind and field=value ..., the blob's
// size, and at the end in brackets the vCPU where it is not 0 and the provenance where it is not observed.
void append_text(std::string& out, const RecordedEvent& event);
// The heading over such lines.
std::string text_heading();

// Appends one JSON object without a line break: seq, kind, vcpu, tick, retired (null where unknown), provenance, cause,
// then the kind's fields. Addresses and hex fields are strings "0x...", words strings, flags booleans, counts numbers,
// unknowns null. A field named as one of the seven appears as KIND_FIELD. A blob is `blob`: run_header's
// JSON embedded as it is; otherwise {"bytes", "sha256"}.
void append_json(std::string& out, const RecordedEvent& event);

// The value of one field alone, as text: a word, `0x...`, a number, `yes`, `no`, or `unknown`.
std::string field_text(const RecordedEvent& event, std::size_t field);

// A string as JSON, quotes included; bytes that are not UTF-8 become U+FFFD.
void append_json_string(std::string& out, std::string_view text);

// The reference page of all events, in Markdown, from the rows.
std::string event_reference();

}  // namespace trapline::trace
