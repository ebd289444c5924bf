// Submissions as files, checked against the labs of this folder.
#pragma once

#include <doctest/doctest.h>
#include <filesystem>
#include <fstream>
#include <string>
#include <unistd.h>

#include "lab/checker.h"
#include "session/catalog.h"

namespace trapline::lab {

inline Place test_lab(const std::string& name) {
  const auto place = find_lab(session::home_folder() + "/tests/lab/" + name);
  REQUIRE(place);
  return *place;
}

// A folder that is gone with the object.
class Folder {
 public:
  Folder() : path_(std::filesystem::temp_directory_path() / ("trapline-test-" + std::to_string(::getpid()))) {
    std::filesystem::create_directories(path_);
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  std::string path(const std::string& name) const { return (path_ / name).string(); }
  std::string write(const std::string& name, const std::string& text) const {
    std::filesystem::create_directories(std::filesystem::path(path(name)).parent_path());
    std::ofstream(path(name), std::ios::binary) << text;
    return path(name);
  }

 private:
  std::filesystem::path path_;
};

inline check::Report checked(const std::string& lab, const std::string& submission, u64 seed = 1) {
  const Folder folder;
  CheckRequest request;
  request.place = test_lab(lab);
  request.file = folder.write("submission.lua", submission);
  request.seed = seed;
  request.keep = false;
  request.submission_instructions = 3'000'000;
  const auto report = check_submission(request);
  REQUIRE(report);
  return *report;
}

inline const check::Check& task(const check::Report& report, const std::string& id) {
  for (const check::Check& each : report.checks)
    if (each.id == id) return each;
  FAIL("no task " << id);
  return report.checks.front();
}

}  // namespace trapline::lab
