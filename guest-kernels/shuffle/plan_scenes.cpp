#include "plan_scenes.h"

#include <utility>

namespace trapline::shuffle {
namespace {

using std::uint64_t;

constexpr uint64_t read_only = present | user | no_execute;
constexpr uint64_t read_write = read_only | writable;
constexpr uint64_t code = present | user;
constexpr uint64_t page_bytes = 0x1000, large_bytes = 0x200000;
constexpr unsigned operation_rounds = 5;  // every operation in every width this often

template <typename T>
void shuffle(Random& random, std::vector<T>& things) {
  for (std::size_t i = things.size(); i > 1; --i) std::swap(things[i - 1], things[random.below(i)]);
}

}  // namespace

Scenes::Scenes(Writer& writer) : writer_(writer), random_(writer.random) {
  for (uint64_t& region : region_) {
    const uint64_t root_index = 3 + random_.below(250);  // user half, away from what every space has
    region = root_index << 39 | (random_.next() & 0x3fffe00000);
  }
  region_[1] = (region_[0] & ~uint64_t{0x3fffffff}) | (region_[1] & 0x3fe00000);  // neighbours share upper tables
  for (uint64_t frame = first_free_frame; frame < last_free_frame; ++frame)
    frames_.push_back(frames_base + (frame << 12));
  shuffle(random_, frames_);
  const auto count = static_cast<unsigned>(Operation::count) * 4;
  for (unsigned i = 0; i < count * operation_rounds; ++i) operations_.push_back(static_cast<std::uint16_t>(i % count));
  shuffle(random_, operations_);
}

void Scenes::begin_run(unsigned label) {
  space_ = random_.below(spaces);
  neighbourhood_ = region_[random_.below(regions)];
  writer_.begin_run(space_, label);
}

uint64_t Scenes::fresh_page() {
  for (;;) {
    const uint64_t page = neighbourhood_ + random_.below(511) * page_bytes;
    if (used_.count(page) != 0 || used_.count(page + page_bytes) != 0) continue;
    used_.insert({page, page + page_bytes});
    return page;
  }
}

uint64_t Scenes::fresh_large_page() {
  for (;;) {
    const uint64_t page = (neighbourhood_ & ~uint64_t{0x3fffffff}) + random_.below(512) * large_bytes;
    bool taken = used_.count(page) != 0;
    for (const uint64_t region : region_) taken = taken || region == page;
    if (taken) continue;
    used_.insert(page);
    return page;
  }
}

uint64_t Scenes::fresh_frame() {
  const uint64_t frame = frames_.back();
  frames_.pop_back();
  return frame;
}

uint64_t Scenes::filled_frame() {
  const uint64_t frame = fresh_frame();
  writer_.fill_frame(frame, random_.next());
  return frame;
}

uint64_t Scenes::mapped(uint64_t frame, uint64_t rights) {
  const uint64_t page = fresh_page();
  writer_.set_entry(space_, page, frame | rights, Flush::none);  // nothing was there, so nothing is remembered
  return page;
}

uint64_t Scenes::mapped_fresh(uint64_t frame, uint64_t rights) {
  const uint64_t page = fresh_page();
  writer_.set_entry(space_, page, frame | rights, Flush::none, random_.next());
  return page;
}

uint64_t Scenes::word_in(uint64_t page) { return page + 8 * random_.below(512); }

// About as long as the timer takes where an instruction takes a nanosecond; elsewhere the wait is made up by asking.
uint64_t Scenes::delay_for(uint64_t ticks) { return (ticks + 1) * (415 + random_.below(50)); }

// A tick lands somewhere among the instructions; no flag and no register may change for it.
void Scenes::arithmetic() {
  const bool ticking = random_.coin();
  if (ticking) {
    writer_.arm(1 + random_.below(5), false);
    writer_.call();
  }
  const std::size_t rows = static_cast<std::size_t>(Operation::count) * 4 * operation_rounds / arithmetic_scenes;
  for (std::size_t i = 0; i < rows && !operations_.empty(); ++i) {
    writer_.alu(static_cast<Operation>(operations_.back() / 4), operations_.back() % 4);
    operations_.pop_back();
  }
  if (ticking) writer_.await_ticks();
}

// A stale TLB entry: each page is read, so that its translation is remembered, then mapped elsewhere. One change is
// flushed by INVLPG; the next by nothing of its own, and by the CR3 load that follows the last. Whatever translation
// stays behind reads the old frame's word, which differs, or writes to it, which the last look at both frames shows.
void Scenes::remap() {
  uint64_t pages[3], before[3], after[3];
  for (unsigned i = 0; i < 3; ++i) {
    before[i] = fresh_frame();
    after[i] = fresh_frame();
    pages[i] = mapped_fresh(before[i], read_write);
  }
  writer_.call();
  for (const uint64_t page : pages) {
    writer_.load(word_in(page));
    if (random_.coin()) writer_.add(word_in(page), random_.next());
  }
  writer_.set_entry(space_, pages[0], after[0] | read_write, Flush::page, random_.next());
  writer_.set_entry(space_, pages[1], after[1] | read_write, Flush::none, random_.next());
  writer_.set_entry(space_, pages[2], after[2] | read_write, Flush::all, random_.next());
  writer_.call();
  for (unsigned i = 0; i < 3; ++i) {
    const uint64_t at = word_in(pages[i]);
    writer_.load(at);
    writer_.store(at, random_.next());
    writer_.peek(before[i] + (at & 0xfff));
    writer_.peek(after[i] + (at & 0xfff));
  }
  writer_.call();
}

// One linear address in three address spaces: a translation that outlives its CR3 reads another space's word.
void Scenes::switch_spaces() {
  const uint64_t page = fresh_page();
  for (uint64_t space = 0; space < spaces; ++space) {
    writer_.set_entry(space, page, fresh_frame() | read_write, Flush::none, random_.next());
  }
  writer_.call();
  for (unsigned i = 0; i < 4; ++i) {
    const uint64_t at = word_in(page);
    writer_.load(at);
    writer_.store(at, random_.next());
    writer_.load(at ^ 8);
    space_ = (space_ + 1 + random_.below(2)) % spaces;
    writer_.switch_space(space_);
    writer_.call();
  }
  writer_.sum(page, 512);
}

// A lost dirty bit: one page is only read, one is written after its translation was filled by a read (the bit must be
// set then), one is written at once. The bits are read, cleared, flushed, and must come again for the next write.
void Scenes::write_tracking() {
  const uint64_t looked_at = mapped_fresh(fresh_frame(), read_write);
  const uint64_t read_first = mapped_fresh(fresh_frame(), read_write);
  const uint64_t written = mapped_fresh(fresh_frame(), read_write);
  writer_.call();
  writer_.load(word_in(looked_at));
  writer_.load(word_in(read_first));
  writer_.store(word_in(read_first), random_.next());
  if (random_.coin())
    writer_.fill(written, random_.next(), 64);
  else
    writer_.add(word_in(written), random_.next());
  writer_.read_entry(space_, looked_at);
  writer_.take_bits(space_, read_first, accessed | dirty);
  writer_.take_bits(space_, written, dirty);
  writer_.call();
  writer_.store(word_in(looked_at), random_.next());
  writer_.load(word_in(read_first));
  writer_.copy(read_first + 1 + random_.below(100), looked_at + random_.below(100), 1 + random_.below(200));
  writer_.load(word_in(written));
  for (const uint64_t page : {looked_at, read_first, written}) writer_.read_entry(space_, page);
  writer_.call();
}

// Rights taken away from pages whose translation is remembered with them.
void Scenes::protect() {
  const uint64_t frame = fresh_frame();
  const uint64_t frozen = mapped_fresh(frame, read_write), gone = mapped(frame, read_write);
  const uint64_t kernels = mapped(frame, read_write), no_code = mapped(frame, read_write);
  writer_.call();
  for (const uint64_t page : {frozen, gone, kernels, no_code}) writer_.add(word_in(page), random_.next());
  writer_.set_entry(space_, frozen, frame | read_only, Flush::page);
  writer_.set_entry(space_, gone, 0, Flush::page);
  writer_.set_entry(space_, kernels, (frame | read_write) & ~user, Flush::page);
  writer_.call();
  writer_.probe(Probe::write, word_in(frozen));
  writer_.probe(random_.coin() ? Probe::read : Probe::write, word_in(gone));
  writer_.probe(random_.coin() ? Probe::read : Probe::write, word_in(kernels));
  writer_.probe(Probe::execute, word_in(no_code));
  writer_.probe(Probe::read, word_in(frozen));
  writer_.sum(no_code, 512);
}

// Pages that come when touched, one of them in the middle of a REP STOSQ, and one copied when first written to.
void Scenes::repair_faults() {
  const uint64_t absent = fresh_page(), original = fresh_frame(), copy = fresh_frame();
  const uint64_t shared = mapped_fresh(original, read_only);
  writer_.pend(space_, absent, filled_frame() | read_write, 0);
  writer_.pend(space_, absent + page_bytes, filled_frame() | read_write, 0);
  writer_.pend(space_, shared, copy | read_write, original);
  writer_.call();
  writer_.load(word_in(shared));
  if (random_.coin()) writer_.load(word_in(absent));
  writer_.fill(absent + page_bytes - 8 * (1 + random_.below(40)), random_.next(), 41 + random_.below(40));
  const uint64_t at = word_in(shared);
  writer_.add(at, random_.next());
  writer_.peek(original + (at & 0xfff));
  writer_.peek(copy + (at & 0xfff));
  writer_.read_entry(space_, shared);
  writer_.call();
  writer_.sum(absent + page_bytes, 128);
  writer_.sum(absent + 0xe00, 64);
}

// One frame under two addresses and the kernel's; words that lie half on one page and half on the next.
void Scenes::alias() {
  const uint64_t frame = fresh_frame(), next = fresh_frame();
  const uint64_t left = mapped_fresh(frame, read_write), right = mapped(frame, read_write);
  writer_.set_entry(space_, left + page_bytes, next | read_write, Flush::none, random_.next());
  writer_.call();
  const uint64_t at = 8 * random_.below(512), across = left + page_bytes - 1 - random_.below(7);
  writer_.store(left + at, random_.next());
  writer_.load(right + at);
  writer_.poke(frame + at, random_.next());
  writer_.call();
  writer_.load(left + at);
  writer_.store(across, random_.next());
  writer_.load(across + 1);
  writer_.load(right + 0xff8);
  writer_.peek(next);
  writer_.call();
}

void Scenes::large_page() {
  const uint64_t page = fresh_large_page(), frame = fresh_frame();
  writer_.set_large(space_, page, frames_base | read_write, Flush::none);
  const uint64_t small = mapped_fresh(frame, read_write);
  writer_.call();
  const uint64_t in_large = page + (frame - frames_base), at = 8 * random_.below(512);
  writer_.load(in_large + at);
  writer_.read_large(space_, page);
  writer_.call();
  writer_.store(in_large + at, random_.next());
  writer_.load(small + at);
  writer_.read_large(space_, page);
  writer_.read_entry(space_, small);
  writer_.set_large(space_, page, 0, Flush::page);
  writer_.call();
  writer_.probe(Probe::read, in_large + at);
}

// A wrong sector: whole sectors go into the sum, as the kernel read them and as it wrote and read them again.
void Scenes::disk() {
  const uint64_t frame = fresh_frame(), page = mapped_fresh(frame, read_write), target = random_.below(256);
  for (uint64_t i = 0; i < 2; ++i) writer_.read_block(random_.below(256), frame + 512 * i, random_.coin());
  writer_.call();
  writer_.sum(page, 128);
  writer_.store(page + 8 * random_.below(64), random_.next());
  writer_.write_block(target, frame);
  writer_.read_block(target, frame + 1024, random_.coin());
  writer_.call();
  writer_.sum(page + 1024, 64);
}

void Scenes::spin() { writer_.spin(1 + random_.below(5)); }

void Scenes::poll() {
  const uint64_t ticks = 1 + random_.below(3);
  writer_.poll(ticks, delay_for(ticks));
}

void Scenes::halt() {
  writer_.halt(1 + random_.below(20));
  writer_.call();
}

// Code written through one address and run at another, then changed.
void Scenes::new_code() {
  const uint64_t frame = fresh_frame();
  const uint64_t written = mapped_fresh(frame, read_write), run = mapped(frame, code);
  const uint64_t at = 16 * random_.below(256);
  for (unsigned i = 0; i < 2; ++i) {
    const uint64_t offset = random_.below(128), argument = random_.next();
    writer_.call();
    writer_.store(written + at, 0x909090c300478d48 | offset << 24);  // LEA RAX, [RDI + offset]; RET
    writer_.read_entry(space_, run);
    writer_.call();
    writer_.execute(run + at, argument, argument + offset);
    writer_.read_entry(space_, run);
  }
  writer_.call();
}

void Scenes::talk() {
  writer_.echo();
  writer_.say(static_cast<unsigned>(random_.below(Writer::texts)));
}

// A late interrupt: held back at the controller, the timer is asked until it says that it is due. Once it is released,
// nothing but the gate stands between the interrupt and the program: it must come within the two instructions of a
// window, and at the very instruction to which SYSRET or IRET opens the gate. That holds at any speed of any clock.
void Scenes::gate() {
  for (uint64_t i = random_.below(2) + 1; i != 0; --i) {
    const uint64_t ticks = 1 + random_.below(3);
    writer_.arm(ticks, true);
    writer_.call();
    writer_.delay(delay_for(ticks));
    writer_.window();
    writer_.call();
  }
  const uint64_t ticks = 1 + random_.below(3);
  writer_.arm(ticks, true);
  writer_.call();
  writer_.delay(delay_for(ticks));
  writer_.enable(random_.coin());
  writer_.call();
  writer_.await_ticks();
}

}  // namespace trapline::shuffle
