// Sandboxes for tests, and what they say.
#pragma once

#include <doctest/doctest.h>
#include <filesystem>
#include <fstream>
#include <unistd.h>

#include "lua/sandbox.h"

namespace trapline::lua {
inline doctest::String toString(const Value& value) { return value.text(1000).c_str(); }
}  // namespace trapline::lua

namespace trapline::lua::test {

inline std::unique_ptr<Sandbox> open(SandboxOptions options = {}) {
  auto sandbox = Sandbox::open(std::move(options));
  REQUIRE(sandbox.ok());
  return std::move(*sandbox);
}

template <typename Content>
std::string trouble_of(const Result<Content>& result) {
  return result ? std::string("no trouble") : result.error().sentence;
}

// The first result of a chunk; its error as a string.
inline Value answer(Sandbox& sandbox, const std::string& text) {
  const auto results = sandbox.run(text, "a.lua");
  if (!results) return Value("trouble: " + results.error().sentence);
  return results->empty() ? Value() : results->front();
}

// A folder of modules that goes with the test.
class Modules {
 public:
  Modules() {
    static int number = 0;
    path_ = std::filesystem::temp_directory_path() /
            ("trapline-lua-" + std::to_string(::getpid()) + "-" + std::to_string(number++));
    std::filesystem::create_directories(path_);
  }
  ~Modules() { std::filesystem::remove_all(path_); }
  void put(const std::string& name, const std::string& text) const { std::ofstream(path_ / (name + ".lua")) << text; }
  std::string folder() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

}  // namespace trapline::lua::test
