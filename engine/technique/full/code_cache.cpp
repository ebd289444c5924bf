#include "technique/full/code_cache.h"

#include <algorithm>
#include <array>

namespace trapline::technique::full {

namespace {

constexpr u64 table_flags = arch::pte::present | arch::pte::writable | arch::pte::user;
constexpr u64 code_flags = arch::pte::present | arch::pte::user;

}  // namespace

Result<std::unique_ptr<CodeCache>> CodeCache::make(metal::Deprivileged& door, trace::Bus& bus, unsigned pml4_slot,
                                                   Limits limits) {
  std::unique_ptr<CodeCache> cache(new CodeCache(door, bus, limits));
  if (!cache->map_window(pml4_slot)) return unavailable("full: the metal has no frames for a code cache");
  return cache;
}

bool CodeCache::map_window(unsigned pml4_slot) {
  memory::MonitorFrames& frames = door_.frames();
  const auto run = frames.take_run(pages);
  const auto pdpt = frames.take(), directory = frames.take(), table = frames.take();
  if (!run || !pdpt || !directory || !table) return false;
  place_ = *run;
  const u64 linear = u64{pml4_slot} << 39;
  base_ = has_bit(linear, 47) ? linear | bit_mask(63, 48) : linear;
  frames.write(*pdpt, directory->value | table_flags);
  frames.write(*directory, table->value | table_flags);
  for (u64 page = 0; page < pages; ++page)
    frames.write(*table + page * 8, (place_.value + page * page_bytes) | code_flags);
  pml4_entry_ = pdpt->value | table_flags;
  return true;
}

// ---- blocks --------------------------------------------------------------------------------------------------------
std::optional<u64> CodeCache::find(u64 rip) const {
  const auto found = by_rip_.find(rip);
  if (found == by_rip_.end()) return std::nullopt;
  return found->second;
}

u64 CodeCache::add(const TranslatedBlock& block, Gpa page) {
  const u64 room = pages * page_bytes;
  if (used_ + block.code.size() > room || blocks_.size() >= limits_.blocks)
    invalidate_all(trace::InvalidationReason::cache_full);
  const u64 address = base_ + used_;
  door_.frames().write_bytes(place_ + used_, std::as_bytes(std::span(block.code)));
  used_ += (block.code.size() + 15) & ~u64{15};
  Block kept{block, page, {}, std::vector<u64>(block.exits.size(), 0)};
  kept.translated.code.clear();
  blocks_.emplace(address, std::move(kept));
  by_rip_[block.rip] = address;
  pages_[block.rip & ~(page_bytes - 1)] = page;
  door_.charge(spec::Cost::translate_instruction, block.instructions);
  bus_.emit(trace::BlockTranslated{block.rip, block.guest_bytes, block.instructions, block.copied, block.callouts,
                                   address, static_cast<u16>(block.code.size())});
  return address;
}

std::map<u64, CodeCache::Block>::const_iterator CodeCache::block_with(u64 address) const {
  auto after = blocks_.upper_bound(address);
  return after == blocks_.begin() ? blocks_.end() : std::prev(after);
}

const Site* CodeCache::site_at(u64 address) const {
  const auto block = block_with(address);
  if (block == blocks_.end()) return nullptr;
  const auto& sites = block->second.translated.sites;
  const u64 offset = address - block->first;
  const auto site = std::ranges::lower_bound(sites, offset, {}, &Site::offset);
  return site != sites.end() && site->offset == offset ? &*site : nullptr;
}

unsigned CodeCache::weight(Gva rip) const {
  if (!contains(rip.value)) return 1;
  const Site* const site = site_at(rip.value);
  return site ? site->weight : 0;
}

// ---- chains --------------------------------------------------------------------------------------------------------
void CodeCache::patch(u64 block, const BlockExit& exit, u64 target) {
  const u64 from = block + exit.displacement;
  const u64 distance = target - (from + 4);
  std::array<std::byte, 4> bytes;
  for (unsigned i = 0; i < 4; ++i) bytes[i] = static_cast<std::byte>(distance >> (8 * i));
  door_.frames().write_bytes(place_ + (from - base_), bytes);
}

void CodeCache::chain(u64 stub, u64 target) {
  const auto block = blocks_.find(block_with(stub)->first);
  const auto& exits = block->second.translated.exits;
  const auto exit = std::ranges::find(exits, stub - block->first, &BlockExit::stub);
  const auto into = blocks_.find(target);
  if (exit == exits.end() || into == blocks_.end()) return;
  const auto number = static_cast<std::size_t>(exit - exits.begin());
  patch(block->first, *exit, target);
  block->second.chained[number] = target;
  into->second.ways_in.emplace_back(block->first, number);
}

// ---- invalidation --------------------------------------------------------------------------------------------------
void CodeCache::remove(u64 address) {
  const auto block = blocks_.find(address);
  for (const auto& [from, exit] : block->second.ways_in) {
    const auto other = blocks_.find(from);
    if (other == blocks_.end() || other->second.chained[exit] != address) continue;
    other->second.chained[exit] = 0;
    const BlockExit& way = other->second.translated.exits[exit];
    patch(from, way, from + way.stub);
  }
  by_rip_.erase(block->second.translated.rip);
  blocks_.erase(block);
}

template <typename Condition>
void CodeCache::invalidate_if(trace::InvalidationReason reason, Condition&& condition) {
  std::vector<u64> dying;
  for (const auto& [address, block] : blocks_)
    if (condition(block)) dying.push_back(address);
  for (const u64 address : dying) {
    const u64 rip = blocks_.at(address).translated.rip;
    remove(address);
    bus_.emit(trace::BlockInvalidated{rip, static_cast<u8>(reason), 1});
  }
}

bool CodeCache::has_code_from(Gpa page) const {
  return std::ranges::any_of(blocks_, [&](const auto& each) { return each.second.page == page; });
}

void CodeCache::invalidate_bytes(Gpa address, u64 size) {
  invalidate_if(trace::InvalidationReason::code_written, [&](const Block& block) {
    const u64 first = block.page.value + (block.translated.rip & (page_bytes - 1));
    return first < address.value + size && address.value < first + block.translated.guest_bytes;
  });
}

void CodeCache::invalidate_linear_page(u64 page, trace::InvalidationReason reason) {
  invalidate_if(reason, [&](const Block& block) { return (block.translated.rip & ~(page_bytes - 1)) == page; });
  pages_.erase(page);
}

void CodeCache::invalidate_all(trace::InvalidationReason reason) {
  const auto count = static_cast<u32>(blocks_.size());
  blocks_.clear();
  by_rip_.clear();
  pages_.clear();
  used_ = 0;
  if (count > 0) bus_.emit(trace::BlockInvalidated{unknown_address, static_cast<u8>(reason), count});
}

}  // namespace trapline::technique::full
