// What the bus hands to its sink.
#include <doctest/doctest.h>

#include "trace/builders.h"

using namespace trapline;
using namespace trapline::trace;

namespace {

struct CountingSink : Sink {
  u64 takes = 0;
  u64 bytes = 0;
  void take(std::span<const std::byte> records) override {
    ++takes;
    bytes += records.size();
  }
};

}  // namespace

TEST_CASE("an event arrives with its stamp and its fields") {
  MemoryTrace trace;
  {
    Bus bus(Level::exits, trace);
    bus.stamp().tick = 1000;
    bus.stamp().retired = 77;
    bus.stamp().cause = bus.new_cause();
    VmExit exit;
    exit.reason = 48;
    exit.guest_physical = 0xabc000;
    bus.emit(exit);
    bus.emit(Console{0x41}, Stamp{5, unknown_number, 0, 2, Provenance::modelled});
  }
  REQUIRE(trace.end() == 2);
  const std::optional<RecordedEvent> first = trace.at(0);
  REQUIRE(first.has_value());
  CHECK(first->kind() == Kind::vm_exit);
  CHECK(first->stamp().tick == 1000);
  CHECK(first->stamp().retired == 77);
  CHECK(first->stamp().cause == 1);
  CHECK(first->as<VmExit>()->guest_physical == 0xabc000);
  CHECK(!first->as<Console>().has_value());
  CHECK(first->field("reason") == 48);
  CHECK(!first->field("no_such_field").has_value());
  CHECK(first->word(0) == "EPT_VIOLATION");
  const RecordedEvent second = *trace.at(1);
  CHECK(second.as<Console>()->byte == 0x41);
  CHECK(second.stamp().vcpu == 2);
  CHECK(second.stamp().provenance == Provenance::modelled);
  CHECK(!trace.at(2).has_value());
}

TEST_CASE("a level that is off records nothing, yet allots correlators") {
  MemoryTrace trace;
  Bus bus(Level::mmu, trace);
  bus.emit(Instruction{});
  bus.emit(TlbHit{});
  bus.emit(TlbMiss{});
  CHECK(bus.new_cause() == 1);
  CHECK(bus.new_cause() == 2);
  bus.flush();
  CHECK(trace.count() == 1);
  CHECK(trace.count_of("tlb_miss") == 1);
  CHECK(trace.count_of("instruction") == 0);
}

TEST_CASE("chunks hold whole records, and every event reaches the sink once") {
  CountingSink sink;
  constexpr u64 record = sizeof(RecordHeader) + sizeof(MemoryAccess);
  constexpr u64 events = Bus::chunk_bytes / record * 2 + 5;
  {
    Bus bus(Level::memory, sink);
    for (u64 i = 0; i < events; ++i) bus.emit(MemoryAccess{});
    CHECK(sink.takes == 2);
  }
  CHECK(sink.takes == 3);
  CHECK(sink.bytes == events * record);
}

TEST_CASE("a blob of any size arrives whole and in order") {
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{8}, std::size_t{4096},
                                 Bus::chunk_bytes - 64, Bus::chunk_bytes, std::size_t{16} << 20}) {
    CAPTURE(size);
    std::vector<std::byte> blob(size);
    for (std::size_t i = 0; i < size; ++i) blob[i] = static_cast<std::byte>(i * 7 + i / 256);
    MemoryTrace trace;
    Bus bus(Level::exits, trace);
    bus.emit(Console{1});
    bus.emit_with_blob(Keyframe{.set = 1, .tag = 0x304d454d, .address = 0}, blob);
    bus.emit(Console{2});
    bus.flush();
    REQUIRE(trace.count() == 3);
    const std::span<const std::byte> read = trace.at(1)->blob();
    CHECK(std::equal(read.begin(), read.end(), blob.begin(), blob.end()));
    CHECK(trace.at(2)->as<Console>()->byte == 2);
    CHECK(trace.keyframes() == std::vector<u64>{1});
  }
}

TEST_CASE("an event outlives the trace that it came from") {
  std::optional<RecordedEvent> kept;
  {
    MemoryTrace trace;
    Bus bus(Level::exits, trace);
    bus.emit(Console{9});
    bus.flush();
    kept = trace.at(0);
  }
  CHECK(kept->as<Console>()->byte == 9);
}
