// Sessions over a scripted metal, in a folder of their own that goes away with them.
#pragma once

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <unistd.h>
#include <vector>

#include "session/session.h"
#include "support/elf_builder.h"
#include "support/scripted_metal.h"
#include "trace/reader.h"

namespace trapline::test {

class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "trapline-session-XXXXXX").string();
    path_ = ::mkdtemp(name.data());
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  std::string operator/(const std::string& name) const { return path_ + "/" + name; }
  const std::string& path() const { return path_; }
  std::string write(const std::string& name, std::span<const std::byte> bytes) const {
    std::ofstream file(*this / name, std::ios::binary);
    file.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    return *this / name;
  }
  // Names of everything below, sorted.
  std::vector<std::string> files(const std::string& below = ".") const {
    std::vector<std::string> names;
    std::error_code missing;
    for (const auto& entry : std::filesystem::directory_iterator(*this / below, missing))
      names.push_back(entry.path().filename().string());
    std::sort(names.begin(), names.end());
    return names;
  }

 private:
  std::string path_;
};

using Script = std::vector<ScriptedExit>;

inline Script printing(const std::string& text, u32 exit_code = 0) {
  Script script;
  for (const char letter : text) script.push_back(out(0x3f8, 1, static_cast<u8>(letter)));
  script.push_back(out(0xf4, 4, exit_code));
  return script;
}

struct Bench {
  Folder folder;
  session::RunRequest request;
  ScriptedMachine* machine = nullptr;  // of the last session opened
  metal::MachineOptions options;

  Bench() {
    request.guest = folder.write("kernel.elf", build_elf({{0x100000, std::vector<u8>(64, 0x90)}}, 0x100000));
    request.out_folder = folder / "out";
  }

  Result<std::unique_ptr<session::Session>> open(const Script& script) {
    return session::Session::open(request,
                                  [this, script](trace::MetalKind metal, const metal::MachineOptions& wanted,
                                                 trace::Bus& bus) -> Result<std::unique_ptr<metal::Machine>> {
                                    const auto time = metal == trace::MetalKind::soft ? ScriptedVcpu::Time::counted
                                                                                      : ScriptedVcpu::Time::real;
                                    auto made = std::make_unique<ScriptedMachine>(wanted, bus, time);
                                    for (const ScriptedExit& exit : script) made->vcpu().play(exit);
                                    machine = made.get();
                                    options = wanted;
                                    return std::unique_ptr<metal::Machine>(std::move(made));
                                  });
  }
  Result<session::LaneResult> run(const Script& script) {
    auto opened = open(script);
    if (!opened) return opened.error();
    last_ = std::move(*opened);
    return last_->run();
  }

 private:
  std::unique_ptr<session::Session> last_;  // keeps the machine
};

}  // namespace trapline::test
