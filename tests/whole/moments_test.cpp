// Moments are the guest's, not the technique's: under full and hardware the same exceptions, interrupts and announced
// actions come at the same retired counts, also while seeded leaps of time make interrupts arrive anywhere; and
// wherever they arrive, the guest prints the same facts.
#include <algorithm>
#include <doctest/doctest.h>
#include <map>

#include "whole/lane.h"
#include "whole/time_leaps.h"

namespace trapline::whole {
namespace {

using trace::Technique;

// Sanitizers make a lane eight times as long.
#ifdef TRAPLINE_SANITIZED
constexpr u64 shuffles = 3, leap_seeds = 1, least_met = 8;
#else
constexpr u64 shuffles = 10, leap_seeds = 3, least_met = 100;
#endif

// tour, then the shuffles.
Guest guest_number(u64 number) { return number == 0 ? tour : Guest{"shuffle", number}; }

struct Happening {
  std::string kind;
  std::vector<u64> numbers;  // the retired count first
  friend bool operator==(const Happening&, const Happening&) = default;
};

std::string text_of(const Happening& happening) {
  std::string text = happening.kind;
  for (const u64 number : happening.numbers) text += " " + std::to_string(number);
  return text;
}

// What the guest itself could tell of, in its order.
std::vector<Happening> happenings(const Ran& ran) {
  std::vector<Happening> list;
  const trace::TraceReader& trace = ran.trace();
  auto cursor =
      trace.events(trace.kinds<trace::Interrupt>() | trace.kinds<trace::Exception>() | trace.kinds<trace::Marker>());
  while (const trace::RecordedEvent* event = cursor.next()) {
    const u64 retired = event->stamp().retired;
    if (const auto interrupt = event->as<trace::Interrupt>()) {
      if (interrupt->phase == static_cast<u8>(trace::InterruptPhase::injected))
        list.push_back({"interrupt", {retired, interrupt->line, interrupt->vector}});
    } else if (const auto fault = event->as<trace::Exception>()) {
      list.push_back({"exception", {retired, fault->vector, fault->error_code, fault->rip, fault->cr2}});
    } else if (const auto marker = event->as<trace::Marker>()) {
      list.push_back({"marker", {retired, marker->action, marker->end, marker->ordinal}});
    }
  }
  return list;
}

// A lane for each technique; the same guest, and the same machine but for its door.
struct Lanes {
  explicit Lanes(const Guest& guest, const session::MakeMachine& make_machine = {})
      : hardware(lane_of(guest, Technique::hardware), make_machine), full(full_lane(guest), make_machine) {}
  Ran hardware, full;
};

void check_same_happenings(const Lanes& lanes) {
  const auto full = happenings(lanes.full), hardware = happenings(lanes.hardware);
  CHECK(hardware.size() > 20);
  CHECK(full.size() == hardware.size());
  for (std::size_t i = 0; i < std::min(full.size(), hardware.size()); ++i) {
    if (full[i] == hardware[i]) continue;
    FAIL_CHECK("happening " << i << " is [" << text_of(full[i]) << "] under full, [" << text_of(hardware[i])
                            << "] under hardware");
    return;
  }
}

// Run once for both tests.
const Lanes& undisturbed(u64 number) {
  static std::map<u64, std::unique_ptr<Lanes>> runs;
  std::unique_ptr<Lanes>& run = runs[number];
  if (!run) run = std::make_unique<Lanes>(guest_number(number));
  return *run;
}

TEST_CASE("exceptions, interrupts and markers come at the same retired counts under full and hardware") {
  for (u64 number = 0; number <= shuffles; ++number) {
    CAPTURE(guest_number(number).text());
    check_same_happenings(undisturbed(number));
  }
}

// ---- leaps of time -------------------------------------------------------------------------------------------------
u64 interrupts_at(const TimeLeaps& leaps, const Ran& ran) {
  const auto list = happenings(ran);
  return static_cast<u64>(std::ranges::count_if(list, [&](const Happening& happening) {
    return happening.kind == "interrupt" && std::ranges::binary_search(leaps.moments, happening.numbers[0]);
  }));
}

// Returns how many interrupts came at a moment of a leap.
u64 check_disturbed(u64 number, u64 leap_seed) {
  const Guest guest = guest_number(number);
  CAPTURE(guest.text());
  CAPTURE(leap_seed);
  const TimeLeaps leaps = seeded_leaps(leap_seed << 8 | number, *undisturbed(number).hardware.result().retired);
  const Lanes lanes(guest, leaping_soft(leaps));
  check_right(guest, lanes.full);
  check_right(guest, lanes.hardware);
  check_same_happenings(lanes);
  CHECK(happenings(lanes.hardware) != happenings(undisturbed(number).hardware));
  return interrupts_at(leaps, lanes.hardware);
}

TEST_CASE("interrupts at seeded moments change no fact, and come at the same retired counts under full and hardware") {
  u64 met = 0;
  for (u64 number = 0; number <= shuffles; ++number)
    for (u64 leap_seed = 1; leap_seed <= leap_seeds; ++leap_seed) met += check_disturbed(number, leap_seed);
  MESSAGE(met << " interrupts came at a seeded moment");
  CHECK(met >= least_met);
}

}  // namespace
}  // namespace trapline::whole
