#include "kvm/observer.h"

namespace trapline::kvm {

void Observer::note_gap() {
  trace::Gap gap;
  gap.reason = static_cast<u8>(trace::GapReason::kernel_half_unseen);
  bus_.emit(gap);
  gap.reason = static_cast<u8>(trace::GapReason::instructions_unseen);
  bus_.emit(gap);
}

Hpa Observer::host_address(Gpa address) const {
  const auto place = memory_.host_address(address);
  if (!place) return Hpa::unknown();
  const Hpa page = pagemap_.frame_of(memory_.host().host_page(*place));
  return page.known() ? page + address.page_offset() : page;
}

}  // namespace trapline::kvm
