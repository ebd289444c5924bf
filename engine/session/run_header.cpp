#include "session/run_header.h"

#include <nlohmann/json.hpp>

#include "base/sha256.h"
#include "session/hardware_options.h"
#include "spec/costs.h"

namespace trapline::session {
namespace {

nlohmann::ordered_json or_null(const std::optional<std::string>& text) {
  if (text) return *text;
  return nullptr;
}

std::string_view default_generation_name() {
  for (const spec::GenerationInfo& row : spec::generation_rows())
    if (row.value == spec::default_generation) return row.name;
  return {};
}

}  // namespace

std::string run_header_json(const RunRequest& request, const Inputs& inputs, u64 budget) {
  nlohmann::ordered_json hardware;
  for (const HardwareOption& option : hardware_options()) {
    const u64 value = hardware_option(request.hardware, option.name);
    if (option.is_switch)
      hardware[std::string(option.name)] = value != 0;
    else
      hardware[std::string(option.name)] = value;
  }
  const nlohmann::ordered_json header = {
      {"guest", inputs.guest.name},
      {"image_sha256", sha256_hex(inputs.image)},
      {"module_sha256", or_null(inputs.module_sha256)},
      {"disk_sha256", or_null(inputs.disk_sha256)},
      {"technique", trace::name_of(request.technique)},
      {"metal", trace::name_of(request.metal)},
      {"seed", request.seed},
      {"memory_bytes", request.memory_bytes},
      {"budget", budget},
      {"hardware", hardware},
      {"translation", request.full.translation},
      {"costs", default_generation_name()},
  };
  // A guest's name may hold any bytes; what is no UTF-8 is replaced.
  return header.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace trapline::session
