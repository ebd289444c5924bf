// One row per term. What the soft metal charges when it happens is marked, so that the share of the recorded ticks that
// the terms explain can be said; the rest of the rows the cost table prices and no metal charges yet.
#include "compare/prices.h"

#include <algorithm>
#include <cctype>

namespace trapline::compare {

namespace {

using spec::Cost;

Cell words_cell(const Lane& lane, Measure measure, std::initializer_list<std::string_view> words) {
  Cell cell = cell_of(lane, measure);
  if (cell.knowledge != Knowledge::counted) return cell;
  cell.count = 0;
  for (const std::string_view word : words) cell.count += lane.account.of(measure, word);
  return cell;
}

Cell sum(const Lane& lane, std::initializer_list<Measure> measures) {
  Cell total;
  for (const Measure measure : measures) {
    const Cell cell = cell_of(lane, measure);
    if (cell.knowledge != Knowledge::counted) return cell;
    total.count += cell.count;
  }
  return total;
}

std::string lower(std::string_view text) {
  std::string result;
  for (const char letter : text)
    result += letter == ' ' ? '_' : static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
  return result;
}

}  // namespace

std::vector<Term> terms_of(const Lane& lane) {
  const auto count = [&](Measure measure) { return cell_of(lane, measure); };
  return {
      {"retired", Cost::instruction, retired_of(lane), true},
      {"vm_exits", Cost::vm_exit, count(Measure::vm_exits), true},
      {"vm_exits", Cost::vm_entry, count(Measure::vm_exits), true},
      {"vm_exits", Cost::kernel_half, count(Measure::vm_exits), true},
      {"user_exits", Cost::user_half, count(Measure::user_exits), true},
      {"walk references from memory", Cost::walk_reference,
       words_cell(lane, Measure::walk_references, {"guest from memory", "ept from memory", "shadow from memory"}),
       true},
      {"exceptions and interrupts", Cost::exception_delivery, sum(lane, {Measure::exceptions, Measure::interrupts}),
       true},
      {"traps", Cost::trap, count(Measure::traps), true},
      {"emulated", Cost::emulate, count(Measure::emulated), true},
      {"instructions_translated", Cost::translate_instruction, count(Measure::instructions_translated), true},
      {"shadow entries", Cost::shadow_entry,
       sum(lane, {Measure::shadow_filled, Measure::shadow_synced, Measure::shadow_zapped}), true},
      {"hypercalls", Cost::hypercall, count(Measure::hypercalls), true},
      {"upcalls", Cost::upcall, count(Measure::upcalls), true},
      {"table_updates", Cost::table_entry, count(Measure::table_updates), true},
      {"chains taken from a virtqueue", Cost::virtio_request,
       words_cell(lane, Measure::ring_transitions, {"virtio_pop"}), true},
      {"vmcs_reads", Cost::vmread, count(Measure::vmcs_reads), false},
      {"vmcs_writes", Cost::vmwrite, count(Measure::vmcs_writes), false},
      {"port_io", Cost::device_port, count(Measure::port_io), false},
  };
}

Price price_of(const Lane& lane, spec::Generation generation) {
  Price price{};
  price.known = retired_of(lane).knowledge == Knowledge::counted;
  if (!price.known) return price;
  for (const Term& term : terms_of(lane)) {
    if (term.count.knowledge != Knowledge::counted) continue;
    const u64 cycles = term.count.count * spec::cycles_of(term.cost, generation);
    price.cycles += cycles;
    if (term.in_ticks) price.in_ticks += cycles;
  }
  __extension__ using Wide = unsigned __int128;
  if (lane.ticks > 0) price.explained_permille = static_cast<u64>(Wide{price.in_ticks} * 1000 / lane.ticks);
  return price;
}

std::vector<std::size_t> ranking(const std::vector<Lane>& lanes, spec::Generation generation) {
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < lanes.size(); ++i)
    if (price_of(lanes[i], generation).known) order.push_back(i);
  std::stable_sort(order.begin(), order.end(), [&](std::size_t left, std::size_t right) {
    return price_of(lanes[left], generation).cycles < price_of(lanes[right], generation).cycles;
  });
  return order;
}

std::optional<spec::Generation> generation_named(std::string_view name) {
  for (const spec::GenerationInfo& row : spec::generation_rows())
    if (lower(row.name) == lower(name)) return row.value;
  return std::nullopt;
}

}  // namespace trapline::compare
