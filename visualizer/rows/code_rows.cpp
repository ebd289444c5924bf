#include "visualizer/rows/code_rows.h"

#include <algorithm>

#include "base/hex.h"
#include "base/hex_bytes.h"
#include "isa/decode.h"
#include "views/scan.h"
#include "visualizer/rows/bounded.h"

namespace trapline::window {

namespace {

constexpr std::size_t lines_before = 40, lines_after = 20, listing_lines = 40;
constexpr u64 longest_lead = 256;  // bytes from a symbol to the current place
constexpr u64 unknown = trace::unknown_number;

trace::KindSet breaks(const trace::EventSource& source) {
  return source
      .kinds<trace::VmExit, trace::Trap, trace::Exception, trace::Interrupt, trace::FaultReflected, trace::Upcall>();
}
// Events that name a guest instruction; a trap names where the metal was.
trace::KindSet places(const trace::EventSource& source) {
  return breaks(source) |
         source.kinds<trace::Emulation, trace::PortIo, trace::Mmio, trace::CrAccess, trace::Msr, trace::Hypercall,
                      trace::NotImplemented, trace::UserExit, trace::VmEntry, trace::BlockTranslated>();
}

// The kind and the first word that one of its fields takes; of an exception its own name rather than that it is one.
std::string event_text(const trace::RecordedEvent& event) {
  std::string text(event.kind_name());
  const auto trap = event.as<trace::Trap>();
  for (std::size_t i = 0; trap && i < event.field_count(); ++i)
    if (event.schema().fields[i].name == "vector" && !event.word(i).empty() &&
        trap->trap_kind == static_cast<u8>(trace::TrapKind::exception))
      return text + " #" + std::string(event.word(i));
  for (std::size_t i = 0; i < event.field_count(); ++i)
    if (const std::string_view word = event.word(i); !word.empty()) return text + " " + std::string(word);
  return text;
}

void disassemble(CodeLine& line, std::span<const u8> bytes, u64 rip) {
  line.bytes = hex_bytes(bytes);
  line.text = isa::text(bytes, rip);
}

void name_place(CodeLine& line, const GuestImage* image) {
  if (image == nullptr || !line.rip) return;
  if (const auto place = image->place_of(*line.rip))
    line.symbol = place->symbol + (place->offset == 0 ? "" : "+" + hex_number(place->offset));
}

// The instruction at `rip` as the image has it; its length, 0 where there is none.
u64 from_image(CodeLine& line, const GuestImage* image, u64 rip) {
  if (image == nullptr) return 0;
  const std::vector<u8> bytes = image->bytes_at(rip, isa::longest_instruction);
  if (bytes.empty()) return 0;
  const isa::Decoded decoded = isa::decode(bytes);
  const u64 length = decoded.status == isa::DecodeStatus::ok ? decoded.instruction.length : 1;
  disassemble(line, std::span(bytes).first(static_cast<std::size_t>(length)), rip);
  line.from_image = true;
  return length;
}

CodeLine line_of(const trace::RecordedEvent& event, const GuestImage* image) {
  CodeLine line{.sequence = event.sequence()};
  if (event.stamp().retired != unknown) line.retired = event.stamp().retired;
  if (const auto rip = event.field("rip"); rip && *rip != unknown) line.rip = *rip;
  name_place(line, image);
  u64 low = 0, high = 0;
  std::size_t length = 0;
  if (const auto instruction = event.as<trace::Instruction>()) {
    low = instruction->bytes_low, high = instruction->bytes_high, length = instruction->length;
    line.cpl = instruction->cpl;
  } else {
    line.event = event_text(event);
    if (const auto refused = event.as<trace::NotImplemented>())
      low = refused->bytes_low, high = refused->bytes_high, length = refused->length;
  }
  if (length > 0) {
    u8 bytes[16];
    for (unsigned i = 0; i < 16; ++i) bytes[i] = static_cast<u8>((i < 8 ? low >> (8 * i) : high >> (8 * (i - 8))));
    disassemble(line, std::span(bytes).first(std::min(length, isa::longest_instruction)), line.rip.value_or(0));
  } else if (line.rip && !event.is<trace::Trap>()) {
    from_image(line, image, *line.rip);
  }
  return line;
}

// The events around `at`: so many before (the one at `at` included) and after.
std::vector<u64> around(const trace::EventSource& source, const trace::KindSet& kinds, u64 at,
                        const std::function<bool()>& stop) {
  std::vector<u64> list;
  views::scan_back(source, {kinds, 0, at + 1}, stop, [&](const trace::RecordedEvent& event) {
    list.push_back(event.sequence());
    return list.size() >= lines_before;
  });
  std::reverse(list.begin(), list.end());
  const std::size_t before = list.size();
  views::scan_forward(source, {kinds, at + 1, ~0ULL}, stop, [&](const trace::RecordedEvent& event) {
    list.push_back(event.sequence());
    return list.size() >= before + lines_after;
  });
  return list;
}

// A trap inside translated code: which block's. Blocks reuse the cache's addresses, so the last one counts.
void find_cached_block(CodeRows& rows, const trace::EventSource& source, const CodeLine& line,
                       const std::function<bool()>& stop) {
  if (!line.rip) return;
  views::scan_back(
      source, {source.kinds<trace::BlockTranslated>(), 0, line.sequence}, stop, [&](const trace::RecordedEvent& event) {
        const auto block = event.as<trace::BlockTranslated>();
        if (!block || *line.rip < block->cache_address || *line.rip - block->cache_address >= block->cache_bytes)
          return false;
        rows.cached_block = event.sequence();
        rows.cached_rip = block->rip;
        rows.cache_address = block->cache_address;
        return true;
      });
}

void add_listing(CodeRows& rows, const GuestImage* image, u64 rip) {
  if (image == nullptr || image->bytes_at(rip, 1).empty()) return;
  const auto place = image->place_of(rip);
  u64 at = place && place->offset <= longest_lead ? rip - place->offset : rip;
  std::size_t past = 0;
  while (rows.listing.size() < 2 * listing_lines && past < listing_lines) {
    CodeLine line;
    line.rip = at;
    line.current = at == rip && !rows.cached_block;  // of translated code only the block is known, not the place
    name_place(line, image);
    const u64 length = from_image(line, image, at);
    if (length == 0) break;
    rows.listing.push_back(std::move(line));
    at += length;
    past += at > rip;
  }
}

}  // namespace

CodeRows code_rows(LaneSet& lanes, const Question& question, const Interrupt& interrupt, const ImageOf& image_of) {
  CodeRows rows;
  Lane* const lane = lanes.at(question.at.lane);
  if (lane == nullptr) return rows;
  const u64 at = bounded(*lane, question.at.sequence);
  const trace::EventSource& source = lane->source();
  rows.executed = source.count_of("instruction") > 0;
  rows.on_kvm = lane->facts().on_kvm();
  const auto image = image_of(*lane);
  rows.has_image = image != nullptr;
  const std::function<bool()> stop = [&] { return static_cast<bool>(interrupt); };
  const trace::KindSet kinds = rows.executed ? source.kinds<trace::Instruction>() | breaks(source) : places(source);
  for (const u64 sequence : around(source, kinds, at, stop))
    if (const auto event = source.at(sequence)) rows.lines.push_back(line_of(*event, image.get()));
  CodeLine* current = nullptr;
  for (CodeLine& line : rows.lines)
    if (line.sequence <= at) current = &line;
  if (current == nullptr) return rows;
  current->current = true;
  if (current->event.starts_with("trap")) find_cached_block(rows, source, *current, stop);
  const std::optional<u64> rip = rows.cached_block ? std::optional(rows.cached_rip) : current->rip;
  if (rip) add_listing(rows, image.get(), *rip);
  return rows;
}

}  // namespace trapline::window
