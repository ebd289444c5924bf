// What can be run: built-in guests, techniques and metals, as `trapline list` shows them, and where their files lie.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "trace/event.h"

namespace trapline::session {

struct GuestRow {
  std::string_view name;
  std::string_view doc;
};
struct TechniqueRow {
  trace::Technique value;
  std::string_view name;
  std::string_view doc;
};
struct MetalRow {
  trace::MetalKind value;
  std::string_view name;
  std::string_view doc;
};

std::span<const GuestRow> guests();
std::span<const TechniqueRow> techniques();
std::span<const MetalRow> metals();

// Names as a user types them; an unknown one is a usage error that lists the known ones.
Result<trace::Technique> technique_named(std::string_view name);
Result<trace::MetalKind> metal_named(std::string_view name);
Result<trace::Level> level_named(std::string_view name);

// Where a guest's image lies: a built-in name, or the path of an ELF file.
struct GuestImage {
  std::string name;  // for titles and trace files: the built-in name, or the file's name without folder and ending
  std::string path;
  bool built_in = false;
};
// A built-in guest has two images: one for the bare machine, one for technique para.
Result<GuestImage> find_guest(const std::string& guest, trace::Technique technique = trace::Technique::hardware);

// The folder that holds guest-kernels/, labs/ and the rest: TRAPLINE_HOME where that is set, else a folder above the
// running program, else the one it was built from.
std::string home_folder();

}  // namespace trapline::session
