// What the /dev/kvm of this host is: the data behind `trapline doctor` and behind a lane's description.
#pragma once

#include <string>
#include <vector>

#include "base/integers.h"
#include "base/language.h"

namespace trapline::kvm {

// One capability of the KVM API document that this room makes use of.
struct Capability {
  std::string name;  // as in the KVM API document
  bool present = false;
  bool required = false;
  Sentence lost_without;  // what a run lacks where it is absent
};

// One sentence about this host, in every language.
struct HostSentence {
  std::string english, chinese;

  const std::string& in(Language language) const { return language == Language::chinese ? chinese : english; }
};

struct Probe {
  bool usable = false;
  HostSentence why_not;  // empty where usable
  int api_version = 0;   // 0 where the device does not answer
  std::string module;    // kvm_intel, kvm_amd, kvm_pvm; "unknown" where the kernel does not tell
  std::vector<Capability> capabilities;
  bool pagemap_shows_frames = false;  // so host-physical addresses can be recorded
};

// Where to look; tests look elsewhere.
struct Places {
  std::string device = "/dev/kvm";
  std::string module_folder = "/sys/module";
  std::string module_list = "/proc/modules";
  std::string pagemap = "/proc/self/pagemap";
};

Probe probe(const Places& places = {});

// The module alone, without opening the device.
std::string module_name(const Places& places = {});

// Whether KVM's module runs guests without the processor's own virtualization (kvm_pvm): printouts say so.
bool is_software_virtualization(const std::string& module);
// Whether SYSCALL at CPL 3 may leave the processor there (kvm_pvm does). A host that does not tell its module, such as
// a container without /sys, may be any.
bool may_strand_system_calls(const std::string& module);

}  // namespace trapline::kvm
