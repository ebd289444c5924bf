// A lane from request to trace file, over a scripted metal.
#include "session/session.h"

#include <csignal>
#include <doctest/doctest.h>
#include <map>
#include <random>
#include <sys/resource.h>

#include "base/sha256.h"
#include "scripted_session.h"
#include "spec/costs.h"

namespace trapline::session {
namespace {

using test::Bench;
using trace::Outcome;

std::string sha256_of(const std::string& text) { return sha256_hex(std::as_bytes(std::span(text))); }

std::vector<std::string> kinds_in(const trace::EventSource& source) {
  std::vector<std::string> kinds;
  trace::Cursor cursor = source.events();
  while (const trace::RecordedEvent* event = cursor.next()) kinds.emplace_back(event->kind_name());
  return kinds;
}

TEST_CASE("a lane: result, digest, and a whole trace under the right name") {
  Bench bench;
  bench.request.seed = 42;
  const std::string text = "lane: 17\nfact: one\nnot a fact: two\nfact: three\nfact: cut";
  const auto result = bench.run(test::printing(text));
  REQUIRE(result.ok());
  CHECK(result->guest == "kernel");
  CHECK(result->outcome == Outcome::finished);
  CHECK(result->exit_code == 0);
  CHECK(result->digest == sha256_of("fact: one\nfact: three\n"));
  CHECK(result->retired.has_value());
  CHECK(result->sentence.empty());
  CHECK(result->metal_description == "scripted");
  CHECK(result->trace == bench.folder / "out/kernel-hardware-soft.trap");
  CHECK(bench.folder.files("out") == std::vector<std::string>{"kernel-hardware-soft.trap"});
  CHECK(result->process_exit_code() == 0);

  auto reader = trace::TraceReader::open(result->trace);
  REQUIRE(reader.ok());
  CHECK((*reader)->recovered().empty());
  CHECK((*reader)->verify().ok());
  CHECK((*reader)->event_hash() == result->event_hash);
  const auto kinds = kinds_in(**reader);
  CHECK(kinds.front() == "run_header");
  CHECK(kinds.back() == "run_end");
  const auto header = (*reader)->at(0)->as<trace::RunHeader>();
  CHECK(header->seed == 42);
  CHECK(header->memory_bytes == 16 << 20);
  CHECK((*reader)->count_of("console") == text.size());
  // Two keyframes, of the same parts.
  std::map<u64, std::vector<u32>> sets;
  for (const u64 sequence : (*reader)->keyframes()) {
    const auto keyframe = (*reader)->at(sequence)->as<trace::Keyframe>();
    sets[keyframe->set].push_back(keyframe->tag);
  }
  REQUIRE(sets.size() == 2);
  CHECK(sets[1] == sets[2]);
  CHECK(sets[1].size() == 7);  // the vCPU and six devices
}

TEST_CASE("the header's JSON tells what was run, without paths") {
  Bench bench;
  bench.request.hardware.tlb_sets = 2;
  bench.request.module_file = bench.folder.write("module.bin", std::vector<std::byte>(100, std::byte{1}));
  const auto result = bench.run(test::printing(""));
  REQUIRE(result.ok());
  auto reader = trace::TraceReader::open(result->trace);
  const auto event = (*reader)->at(0);
  const std::string json(reinterpret_cast<const char*>(event->blob().data()), event->blob().size());
  const auto image = test::build_elf({{0x100000, std::vector<u8>(64, 0x90)}}, 0x100000);
  CHECK(json.find("\"guest\":\"kernel\"") != std::string::npos);
  CHECK(json.find(sha256_hex(image)) != std::string::npos);
  CHECK(json.find(sha256_hex(std::vector<std::byte>(100, std::byte{1}))) != std::string::npos);
  CHECK(json.find("\"tlb_sets\":2") != std::string::npos);
  CHECK(json.find("\"budget\":50000000") != std::string::npos);
  CHECK(json.find("\"costs\":\"" + std::string(spec::generation_rows()[2].name) + "\"") != std::string::npos);
  CHECK(json.find(bench.folder.path()) == std::string::npos);
}

TEST_CASE("without facts there is no digest; without a count of instructions, none of those") {
  Bench bench;
  bench.request.metal = trace::MetalKind::kvm;
  const auto result = bench.run(test::printing("fact without a colon\n"));
  REQUIRE(result.ok());
  CHECK_FALSE(result->digest.has_value());
  CHECK_FALSE(result->retired.has_value());
  CHECK(result->trace == bench.folder / "out/kernel-hardware-kvm.trap");
}

TEST_CASE("the guest finds memory, seed and module as asked for") {
  Bench bench;
  bench.request.memory_bytes = 4 << 20;
  bench.request.seed = 7;
  bench.request.module_file = bench.folder.write("module.bin", std::vector<std::byte>(10, std::byte{0xab}));
  auto session = bench.open(test::printing(""));
  REQUIRE(session.ok());
  CHECK(bench.options.memory_bytes == 4 << 20);
  CHECK(bench.options.seed == 7);
  CHECK(bench.machine->memory().load<u64>(Gpa(0x7010)) == 7);
  CHECK(bench.machine->memory().load<u64>(Gpa(0x7018)) == 0x101000);
  CHECK(bench.machine->memory().load<u8>(Gpa(0x101009)) == 0xab);
  CHECK(bench.machine->vcpu().cpu.rip == 0x100000);
}

TEST_CASE("the run's own disk") {
  Bench bench;
  bench.request.disk_file = bench.folder.write("disk.img", std::vector<std::byte>(1024, std::byte{0x33}));
  auto session = bench.open({test::out(0x3f6, 1, 2), test::out(0x1f2, 1, 1), test::out(0x1f6, 1, 0xe0),
                             test::out(0x1f3, 1, 1), test::out(0x1f4, 1, 0), test::out(0x1f5, 1, 0),
                             test::out(0x1f7, 1, 0x20), test::in(0x1f0, 2).after(1000), test::out(0xf4, 4, 0)});
  REQUIRE(session.ok());
  REQUIRE((*session)->run().ok());
  CHECK(bench.machine->vcpu().answer(7) == 0x3333);
}

TEST_CASE("every way a lane ends: outcome, sentence, and what a program exits with; the trace is whole") {
  struct Row {
    test::Script script;
    Outcome outcome;
    int process_exit_code;
  };
  const std::vector<Row> rows = {
      {test::printing("x", 3), Outcome::finished, 1},
      {{test::exit_for(trace::UserExitReason::shutdown)}, Outcome::triple_fault, 1},
      {{test::exit_for(trace::UserExitReason::entry_failed, "No.")}, Outcome::entry_failed, 1},
      {{test::exit_for(trace::UserExitReason::not_implemented, "No.")}, Outcome::not_implemented, 1},
      {{test::halt()}, Outcome::halted_forever, 1},
      {{test::exit_for(trace::UserExitReason::failed, "No.")}, Outcome::failed, 3},
      {{test::in(0x80, 1).after(1ULL << 40)}, Outcome::budget_spent, 124},
  };
  for (const Row& row : rows) {
    Bench bench;
    const auto result = bench.run(row.script);
    REQUIRE(result.ok());
    CHECK(result->outcome == row.outcome);
    CHECK(result->process_exit_code() == row.process_exit_code);
    CHECK_FALSE(result->sentence.empty());
    auto reader = trace::TraceReader::open(result->trace);
    REQUIRE(reader.ok());
    CHECK((*reader)->recovered().empty());
    const auto end = (*reader)->at((*reader)->end() - 1)->as<trace::RunEnd>();
    REQUIRE(end.has_value());
    CHECK(end->outcome == static_cast<u8>(row.outcome));
    CHECK(end->exit_code == result->exit_code);
  }
}

TEST_CASE("budgets: the metal's default, or the run's own; time limits where time is the host's") {
  Bench bench;
  bench.request.budget = 1000;
  CHECK(bench.run({test::in(0x80, 1).after(5000)})->outcome == Outcome::budget_spent);
  CHECK(bench.machine->vcpu().now() == 1000);

  Bench kvm;
  kvm.request.metal = trace::MetalKind::kvm;
  kvm.request.timeout_seconds = 2;
  const auto result = kvm.run({test::in(0x80, 1).after(5'000'000'000)});
  CHECK(result->outcome == Outcome::timed_out);
  CHECK(result->process_exit_code() == 124);
}

TEST_CASE("a stop from outside ends the lane as interrupted, its trace whole") {
  Bench bench;
  Session* running = nullptr;
  auto session = bench.open({test::out(0x3f8, 1, 'a'), test::in(0x80, 1).doing([&running] { running->request_stop(); }),
                             test::out(0x3f8, 1, 'b'), test::out(0xf4, 4, 0)});
  REQUIRE(session.ok());
  running = session->get();
  const auto result = running->run();
  REQUIRE(result.ok());
  CHECK(result->outcome == Outcome::interrupted);
  CHECK(result->process_exit_code() == 130);
  CHECK(running->console() == "a");
  CHECK((*trace::TraceReader::open(result->trace))->recovered().empty());
}

TEST_CASE("two sessions that take turns do what each does alone, and a run repeats") {
  const auto hash_alone = [](u64 seed, const std::string& text) {
    Bench bench;
    bench.request.seed = seed;
    return bench.run(test::printing(text))->event_hash;
  };
  Bench first, second;
  first.request.seed = 1;
  second.request.seed = 2;
  auto one = first.open(test::printing("fact: first\n"));
  auto other = second.open(test::printing("fact: the second\n"));
  REQUIRE(one.ok());
  REQUIRE(other.ok());
  bool running = true;
  while (running) {
    const bool one_runs = (*one)->step();
    const bool other_runs = (*other)->step();
    running = one_runs || other_runs;
  }
  const std::string one_hash = (*one)->finish()->event_hash, other_hash = (*other)->finish()->event_hash;
  CHECK(one_hash == hash_alone(1, "fact: first\n"));
  CHECK(other_hash == hash_alone(2, "fact: the second\n"));
  CHECK(hash_alone(1, "fact: first\n") != hash_alone(2, "fact: first\n"));
  CHECK(hash_alone(1, "fact: first\n") != hash_alone(1, "fact: fIrst\n"));
}

// ---- what cannot be run
// ----------------------------------------------------------------------------------------------
TEST_CASE("a bad request is one sentence that names the thing and the remedy, and leaves nothing behind") {
  struct Row {
    std::function<void(Bench&)> spoil;
    const char* says;
    const char* remedy;
  };
  const std::vector<Row> rows = {
      {[](Bench& b) { b.request.guest = "tuor"; }, "tuor", "tour, shuffle"},
      {[](Bench& b) { b.request.guest = b.folder / "missing.elf"; }, "missing.elf", "give the path"},
      {[](Bench& b) { b.request.guest = b.folder.path(); }, "cannot be read", "give the path"},
      {[](Bench& b) { b.request.guest = b.folder.write("text.elf", std::vector<std::byte>(99)); }, "text.elf", "ELF"},
      {[](Bench& b) { b.request.technique = trace::Technique::para; }, "para", "hardware"},
      {[](Bench& b) { b.request.memory_bytes = 4097; }, "4097", "4 KiB"},
      {[](Bench& b) { b.request.memory_bytes = 4096; }, "4096", "2 MiB"},
      {[](Bench& b) { b.request.memory_bytes = 2ULL << 30; }, "memory", "1 GiB"},
      {[](Bench& b) { b.request.budget = 0; }, "budget", "at least 1"},
      {[](Bench& b) { b.request.timeout_seconds = 0; }, "time limit", "at least 1"},
      {[](Bench& b) { b.request.disk_file = b.folder / "none.img"; }, "none.img", "give the path"},
      {[](Bench& b) { b.request.disk_file = b.folder.write("odd.img", std::vector<std::byte>(100)); }, "odd.img",
       "pad"},
      {[](Bench& b) { b.request.module_file = b.folder / "none.bin"; }, "none.bin", "give the path"},
      {[](Bench& b) {
         b.request.memory_bytes = 2 << 20;
         b.request.module_file = b.folder.write("big.bin", std::vector<std::byte>(2 << 20));
       },
       "module", "more memory"},
      {[](Bench& b) { b.request.out_folder = b.folder.write("file", {}) + "/out"; }, "out", "--out"},
  };
  for (const Row& row : rows) {
    Bench bench;
    row.spoil(bench);
    const auto result = bench.run(test::printing(""));
    REQUIRE_FALSE(result.ok());
    CAPTURE(result.error().sentence);
    CHECK(result.error().kind == ErrorKind::usage);
    CHECK(result.error().sentence.find(row.says) != std::string::npos);
    CHECK(result.error().sentence.find(row.remedy) != std::string::npos);
    CHECK(bench.folder.files("out").empty());
  }
}

TEST_CASE("a metal that this host lacks leaves no trace file") {
  Bench bench;
  const auto result =
      Session::open(bench.request, [](auto, const auto&, auto&) -> Result<std::unique_ptr<metal::Machine>> {
        return unavailable("There is no /dev/kvm here.");
      });
  REQUIRE_FALSE(result.ok());
  CHECK(result.error().kind == ErrorKind::unavailable);
  CHECK(bench.folder.files("out").empty());
}

// A limit on the size of files stands for a full disk: write() fails just so, with another errno.
class FullDisk {
 public:
  explicit FullDisk(rlim_t bytes) {
    old_action_ = std::signal(SIGXFSZ, SIG_IGN);
    ::getrlimit(RLIMIT_FSIZE, &old_);
    rlimit limit = old_;
    limit.rlim_cur = bytes;
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FullDisk() {
    ::setrlimit(RLIMIT_FSIZE, &old_);
    std::signal(SIGXFSZ, old_action_);
  }

 private:
  rlimit old_;
  void (*old_action_)(int);
};

TEST_CASE("a disk that fills up ends the lane early with one sentence, and nothing looks whole") {
  test::Script script;
  std::mt19937 random(1);
  for (unsigned i = 0; i < 300'000; ++i) script.push_back(test::out(0x80, 4, random()));
  Bench bench;
  auto session = bench.open(script);
  REQUIRE(session.ok());
  const FullDisk full(200'000);
  const auto result = (*session)->run();
  REQUIRE_FALSE(result.ok());
  CHECK(result.error().sentence.find("kernel-hardware-soft.trap") != std::string::npos);
  CHECK_FALSE(bench.machine->vcpu().script_over());
  CHECK(bench.folder.files("out") == std::vector<std::string>{"kernel-hardware-soft.trap.part"});
}

TEST_CASE("a disk that is full at the very end is noticed too") {
  Bench bench;
  auto session = bench.open(test::printing("fact: lost\n"));
  REQUIRE(session.ok());
  const FullDisk full(std::filesystem::file_size(bench.folder / "out/kernel-hardware-soft.trap.part") + 10);
  CHECK_FALSE((*session)->run().ok());
  CHECK(bench.folder.files("out") == std::vector<std::string>{"kernel-hardware-soft.trap.part"});
}

}  // namespace
}  // namespace trapline::session
