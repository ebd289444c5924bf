// The options of the modelled hardware by name: what a user may set and what a trace's header tells.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "metal/metal.h"

namespace trapline::session {

struct HardwareOption {
  std::string_view name;
  std::string_view doc;
  bool is_switch;  // on or off; otherwise a number
  bool of_vmx;     // of VMX operation: technique hardware alone has it
};

std::vector<HardwareOption> hardware_options();

// As a number; a switch is 0 or 1.
u64 hardware_option(const metal::HardwareOptions& options, std::string_view name);

// `value` is on or off for a switch, a decimal or 0x number otherwise. A usage error names what is known.
Result<> set_hardware_option(metal::HardwareOptions& options, std::string_view name, std::string_view value);

// The first option of VMX that is not as it is by itself; empty where there is none.
std::string_view changed_vmx_option(const metal::HardwareOptions& options);
// The same processor for a lane without VMX.
metal::HardwareOptions without_vmx(metal::HardwareOptions options);

}  // namespace trapline::session
