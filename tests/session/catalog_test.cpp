// Names that a user types: guests, techniques, metals, levels, hardware options; and the console's digest.
#include "session/catalog.h"

#include <cstdlib>
#include <doctest/doctest.h>

#include "scripted_session.h"
#include "session/console_digest.h"
#include "session/hardware_options.h"
#include "session/inputs.h"

namespace trapline::session {
namespace {

TEST_CASE("names are known, and unknown ones are answered with the known ones") {
  CHECK(*technique_named("hardware") == trace::Technique::hardware);
  CHECK(*metal_named("kvm") == trace::MetalKind::kvm);
  CHECK(*level_named("memory") == trace::Level::memory);
  CHECK(technique_named("bare").error().sentence.find("full, para, hardware") != std::string::npos);
  CHECK(metal_named("").error().sentence.find("soft, kvm") != std::string::npos);
  CHECK(level_named("all").error().sentence.find("exits, mmu, memory, instructions") != std::string::npos);
}

TEST_CASE("every built-in guest has its image in the home folder") {
  for (const GuestRow& row : guests()) {
    const auto found = find_guest(std::string(row.name));
    REQUIRE(found.ok());
    CHECK(found->built_in);
    CHECK(std::filesystem::exists(found->path));
  }
}

TEST_CASE("a user's image is built for the bare machine or for para, a built-in guest for both") {
  using trace::Technique;
  CHECK(is_built_for("tour", Technique::para));
  CHECK(is_built_for("tour", Technique::full));
  const std::string bare = find_guest("tour")->path, para = find_guest("tour", Technique::para)->path;
  CHECK(is_built_for(bare, Technique::full));
  CHECK(is_built_for(bare, Technique::hardware));
  CHECK_FALSE(is_built_for(bare, Technique::para));
  CHECK(is_built_for(para, Technique::para));
  CHECK_FALSE(is_built_for(para, Technique::hardware));
  CHECK(is_built_for("./missing.elf", Technique::para));  // the run itself says what is wrong
}

TEST_CASE("options of VMX are kept from lanes without it, those of every processor are not") {
  metal::HardwareOptions options;
  CHECK(changed_vmx_option(options).empty());
  options.tlb_ways = 2;
  CHECK(changed_vmx_option(options).empty());
  options.vpid = false;
  options.exception_bitmap = 4;
  CHECK(changed_vmx_option(options) == "vpid");
  const metal::HardwareOptions without = without_vmx(options);
  CHECK(without.vpid);
  CHECK(without.exception_bitmap == 0);
  CHECK(without.tlb_ways == 2);
}

TEST_CASE("TRAPLINE_HOME moves the home folder, and a folder without the image is named") {
  const test::Folder folder;
  ::setenv("TRAPLINE_HOME", folder.path().c_str(), 1);
  CHECK(home_folder() == folder.path());
  const auto found = find_guest("tour");
  ::unsetenv("TRAPLINE_HOME");
  REQUIRE_FALSE(found.ok());
  CHECK(found.error().sentence.find(folder.path()) != std::string::npos);
  CHECK(find_guest("tour").ok());
}

TEST_CASE("a file by its path is called by its name") {
  CHECK(find_guest("some/where/my kernel.elf")->name == "my kernel");
  CHECK(find_guest("./tour")->name == "tour");
  CHECK_FALSE(find_guest("./tour")->built_in);
}

TEST_CASE("hardware options are set by name, each its own, and the list is the struct's") {
  for (const HardwareOption& option : hardware_options()) {
    CAPTURE(std::string(option.name));
    metal::HardwareOptions changed;
    const u64 before = hardware_option(changed, option.name);
    const std::string value = option.is_switch ? (before ? "off" : "on") : "0x7";
    REQUIRE(set_hardware_option(changed, option.name, value).ok());
    unsigned differences = 0;
    for (const HardwareOption& other : hardware_options())
      differences += hardware_option(changed, other.name) != hardware_option(metal::HardwareOptions{}, other.name);
    CHECK(differences == 1);
  }
  metal::HardwareOptions options;
  CHECK(set_hardware_option(options, "epd", "on").error().sentence.find("ept, vpid") != std::string::npos);
  for (const char* bad : {"yes", "1", ""}) CHECK_FALSE(set_hardware_option(options, "ept", bad).ok());
  for (const char* bad : {"on", "-1", "0x", "4294967296", "1 2", ""})
    CHECK_FALSE(set_hardware_option(options, "tlb_sets", bad).ok());
}

TEST_CASE("the digest is over whole fact lines only, in order") {
  struct Row {
    std::string console;
    std::string facts;
  };
  const Row rows[] = {
      {"", ""},
      {"fact", ""},
      {"fact:", ""},  // no newline
      {"fact:\n", "fact:\n"},
      {"fac\nt: a\n", ""},
      {" fact: a\n", ""},
      {"fact: a\r\n", "fact: a\r\n"},
      {"\n\nfact: a\nlane: b\nfact: c\nfact: d", "fact: a\nfact: c\n"},
      {std::string("fact: \0\xff\n", 9), std::string("fact: \0\xff\n", 9)},
  };
  for (const Row& row : rows) {
    ConsoleDigest digest;
    for (const char letter : row.console) digest.add(static_cast<u8>(letter));
    CHECK(digest.hex().has_value() == !row.facts.empty());
    if (!row.facts.empty()) CHECK(digest.hex() == sha256_hex(std::as_bytes(std::span(row.facts))));
  }
}

}  // namespace
}  // namespace trapline::session
