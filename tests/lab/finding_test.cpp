// What a child says travels as bytes; any other bytes are nothing.
#include "lab/finding.h"

#include <doctest/doctest.h>

using namespace trapline;
using namespace trapline::lab;

namespace {

Finding sample() {
  Finding finding;
  finding.status = check::Status::fail;
  finding.trouble = check::Trouble::budget;
  finding.filled_in = false;
  finding.message = std::string("with\0zero 3:abc\n", 16);
  finding.expected = "1";
  finding.show = "";
  finding.printed = std::string(10000, 'x');
  finding.traces = {"a.trap", ""};
  return finding;
}

}  // namespace

TEST_CASE("a finding is read back as it was") {
  const auto read = finding_of(bytes_of(sample()));
  REQUIRE(read);
  CHECK(read->status == check::Status::fail);
  CHECK(read->trouble == check::Trouble::budget);
  CHECK_FALSE(read->filled_in);
  CHECK(read->message == sample().message);
  CHECK(read->printed == sample().printed);
  CHECK(read->traces == sample().traces);
  CHECK(bytes_of(*read) == bytes_of(sample()));
}

TEST_CASE("cut, lengthened or invented bytes are no finding") {
  const std::string bytes = bytes_of(sample());
  for (std::size_t length = 0; length < bytes.size(); length += 1 + length / 40)
    CHECK_FALSE(finding_of(std::string_view(bytes).substr(0, length)));
  CHECK_FALSE(finding_of(bytes + "0:"));
  CHECK_FALSE(finding_of("1:91:01:0"));
  CHECK_FALSE(finding_of("99999999999999999999:x"));
  CHECK_FALSE(finding_of("-1:"));
  CHECK_FALSE(finding_of("ok 1 - forged"));
}

TEST_CASE("a changed byte never turns a failure into another length of text") {
  const std::string bytes = bytes_of(sample());
  for (std::size_t at = 0; at < 60; ++at) {
    std::string changed = bytes;
    changed[at] = static_cast<char>(changed[at] ^ 1);
    const auto read = finding_of(changed);
    if (read) CHECK(bytes_of(*read) == changed);
  }
}
