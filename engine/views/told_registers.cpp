#include "views/told_registers.h"

#include "spec/vectors.h"

namespace trapline::views {

namespace {
constexpr std::size_t most_registers = 4096;  // of a hostile trace, that names a new one each time
constexpr u8 page_fault = static_cast<u8>(spec::Vector::PF);
}  // namespace

void ToldRegistersView::add(const trace::RecordedEvent& event) {
  const u64 at = event.sequence();
  if (const auto access = event.as<trace::CrAccess>()) {
    control_[access->cr] = {access->value, at};
  } else if (const auto msr = event.as<trace::Msr>()) {
    if (msrs_.size() < most_registers || msrs_.contains(msr->index)) msrs_[msr->index] = {msr->value, at};
  } else if (const auto exception = event.as<trace::Exception>()) {
    if (exception->vector == page_fault) control_[2] = {exception->cr2, at};
  } else if (const auto reflected = event.as<trace::FaultReflected>()) {
    if (reflected->vector == page_fault) control_[2] = {reflected->address, at};
  }
}

}  // namespace trapline::views
