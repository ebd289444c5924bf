// Closing what was opened, unmapping what was mapped.
#include "kvm/descriptor.h"

#include <sys/mman.h>
#include <system_error>
#include <unistd.h>

namespace trapline::kvm {

Descriptor::~Descriptor() {
  if (valid()) ::close(number_);
}

Mapping::Mapping(const Descriptor& file, std::size_t bytes) : bytes_(bytes) {
  void* start = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file.number(), 0);
  if (start != MAP_FAILED) start_ = start;
}

Mapping::~Mapping() {
  if (valid()) ::munmap(start_, bytes_);
}

Error refused(std::string_view what, int error_number) {
  return unavailable("KVM refused " + std::string(what) + ": " + std::generic_category().message(error_number) + ".");
}

}  // namespace trapline::kvm
