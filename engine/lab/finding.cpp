#include "lab/finding.h"

#include <charconv>

namespace trapline::lab {

namespace {

// Each field as LENGTH:BYTES, in the order of the struct.
void put(std::string& out, std::string_view text) {
  out += std::to_string(text.size());
  out += ':';
  out += text;
}

class Reader {
 public:
  explicit Reader(std::string_view bytes) : left_(bytes) {}

  std::string text() {
    const std::size_t colon = left_.find(':');
    std::size_t length = 0;
    const auto [end, error] = std::from_chars(left_.data(), left_.data() + std::min(colon, left_.size()), length);
    if (colon == std::string_view::npos || error != std::errc() || end != left_.data() + colon ||
        length > left_.size() - colon - 1) {
      broken_ = true;
      left_ = {};
      return {};
    }
    const std::string text(left_.substr(colon + 1, length));
    left_.remove_prefix(colon + 1 + length);
    return text;
  }
  u64 number(u64 end) {
    const std::string digits = text();
    u64 value = 0;
    const auto [last, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (error != std::errc() || last != digits.data() + digits.size() || value >= end) broken_ = true;
    return broken_ ? 0 : value;
  }
  bool whole() const { return !broken_ && left_.empty(); }
  bool broken() const { return broken_; }

 private:
  std::string_view left_;
  bool broken_ = false;
};

}  // namespace

std::string bytes_of(const Finding& finding) {
  std::string out;
  put(out, std::to_string(static_cast<unsigned>(finding.status)));
  put(out, std::to_string(static_cast<unsigned>(finding.trouble)));
  put(out, finding.filled_in ? "1" : "0");
  for (const std::string* text : {&finding.message, &finding.expected, &finding.actual, &finding.event, &finding.show,
                                  &finding.hint, &finding.printed})
    put(out, *text);
  put(out, std::to_string(finding.traces.size()));
  for (const std::string& trace : finding.traces) put(out, trace);
  return out;
}

std::optional<Finding> finding_of(std::string_view bytes) {
  Reader reader(bytes);
  Finding finding;
  finding.status = static_cast<check::Status>(reader.number(4));
  finding.trouble = static_cast<check::Trouble>(reader.number(6));
  finding.filled_in = reader.number(2) == 1;
  for (std::string* text : {&finding.message, &finding.expected, &finding.actual, &finding.event, &finding.show,
                            &finding.hint, &finding.printed})
    *text = reader.text();
  const u64 traces = reader.number(1000);
  for (u64 index = 0; index < traces && !reader.broken(); ++index) finding.traces.push_back(reader.text());
  if (!reader.whole()) return std::nullopt;
  return finding;
}

}  // namespace trapline::lab
