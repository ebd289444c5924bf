// Writing goes wrong: no folder, no space. And what the writer promises about names.
#include <csignal>
#include <doctest/doctest.h>
#include <sys/resource.h>

#include "trace/builders.h"

using namespace trapline;
using namespace trapline::trace;

namespace {

// While it lives, no file of this process may grow beyond a size: to a writer that is a full disk.
class FullDisk {
 public:
  explicit FullDisk(rlim_t bytes) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const struct rlimit limit = {bytes, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FullDisk() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }

 private:
  struct rlimit before_ = {};
  void (*handler_)(int);
};

}  // namespace

TEST_CASE("a trace has its name only once it is whole, and replaces an older one") {
  const test::Folder folder;
  const std::string path = folder.file("t.trap");
  test::put_contents(path, "older");
  test::put_contents(path + ".part", "left over");
  auto writer = std::move(*TraceWriter::create(path));
  writer->take(test::random_records(51, 10));
  CHECK(writer->events() == 10);
  CHECK(test::contents(path) == "older");
  REQUIRE(writer->finish().ok());
  CHECK(writer->path() == path);
  CHECK(!std::filesystem::exists(path + ".part"));
  CHECK((*TraceReader::open(path))->count() == 10);
}

TEST_CASE("a lane without events is a trace too") {
  const test::Folder folder;
  const std::string hash = test::write_trace(folder.file("t.trap"), {});
  const auto reader = std::move(*TraceReader::open(folder.file("t.trap")));
  CHECK(reader->recovered().empty());
  CHECK(reader->end() == 0);
  CHECK(reader->verify().ok());
  CHECK(reader->event_hash() == hash);
  CHECK(hash == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");  // FIPS 180-4: of nothing
}

TEST_CASE("a trace in a missing folder is refused with the remedy") {
  const Result<std::unique_ptr<TraceWriter>> writer = TraceWriter::create("/nonexistent/folder/t.trap");
  REQUIRE(!writer.ok());
  CHECK(writer.error().kind == ErrorKind::usage);
  CHECK(writer.error().sentence.find("/nonexistent/folder/t.trap.part cannot be created") != std::string::npos);
}

TEST_CASE("a full disk is remembered, leaves no trace under its name, and what was written can be read") {
  const test::Folder folder;
  const std::string path = folder.file("t.trap");
  const std::vector<std::byte> records = test::random_records(52, 20'000);
  for (const rlim_t size : {rlim_t{0}, rlim_t{100}, rlim_t{100'000}, rlim_t{300'001}}) {
    CAPTURE(size);
    {
      const FullDisk full(size);
      Result<std::unique_ptr<TraceWriter>> writer = TraceWriter::create(path, {.block_events = 500});
      if (!writer) {
        CHECK(size <= 100);
        CHECK(writer.error().sentence.find("File too large") != std::string::npos);
        continue;
      }
      for (int i = 0; i < 3; ++i) (*writer)->take(records);
      CHECK((*writer)->failed());
      const Result<> finished = (*writer)->finish();
      REQUIRE(!finished.ok());
      CHECK(finished.error().sentence.find(path + ".part failed: File too large; free some space") !=
            std::string::npos);
    }
    CHECK(!std::filesystem::exists(path));
    const auto reader = std::move(*TraceReader::open(path + ".part"));
    CHECK(reader->count() > 0);
    CHECK(reader->count() % 500 == 0);
    CHECK(reader->verify().ok());
  }
}

TEST_CASE("a disk that fills up at any moment of the last steps leaves no trace under its name") {
  const test::Folder folder;
  const std::string path = folder.file("t.trap");
  const std::vector<std::byte> records = test::random_records(53, 50);
  test::write_trace(path, records);
  const std::size_t whole = test::contents(path).size();
  for (std::size_t less = 1; less < 400; less += 7) {
    std::filesystem::remove(path);
    bool finished = true;
    {
      const FullDisk full(whole - less);
      auto writer = std::move(*TraceWriter::create(path));
      writer->take(records);
      finished = writer->finish().ok();
    }
    CHECK(!finished);
    CHECK(!std::filesystem::exists(path));
  }
}

TEST_CASE("an event too large for any block is refused by name") {
  const test::Folder folder;
  auto writer = std::move(*TraceWriter::create(folder.file("t.trap")));
  Bus bus(Level::exits, *writer);
  const std::vector<std::byte> blob(format::max_blob_bytes + 1);
  bus.emit_with_blob(Keyframe{}, blob);
  CHECK(writer->failed());
  CHECK(writer->finish().error().sentence.find("keyframe is larger than") != std::string::npos);
}
