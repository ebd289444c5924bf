#include "trace/indexed_block.h"

#include <algorithm>

#include "trace/varint.h"

namespace trapline::trace {
namespace {

u8* put_step(u8* out, u64 ticks, u64 retired) {
  out = put_varint(out, ticks << 1 | (retired != 0 ? 1 : 0));
  return retired != 0 ? put_varint(out, retired) : out;
}

// The steps are our own, so they need no bounds.
u64 take_number(const u8*& in) {
  u64 value = *in & 0x7f;
  for (unsigned shift = 7; *in++ >= 0x80; shift += 7) value |= u64{*in & 0x7fU} << shift;
  return value;
}

void take_step(const u8*& in, Moment& moment) {
  const u64 folded = take_number(in);
  moment.tick += folded >> 1;
  if ((folded & 1) != 0) moment.retired += take_number(in);
}

}  // namespace

void IndexedBlock::fill(const Segment& segment, const std::vector<LaneClass>& classes) {
  const u32 events = static_cast<u32>(segment.offsets.size());
  kinds_.resize(events);
  if (classes.size() > 256) kinds_high_.resize(events);
  bins_.resize((events + bin_events - 1) / bin_events);
  std::array<u32, lane_classes> counted{};
  std::vector<u8> bin_steps(bin_events * 2 * max_varint_bytes);
  for (u32 bin = 0; bin < bins_.size(); ++bin) {
    bins_[bin] = {last_.tick, last_.retired, static_cast<u32>(steps_.size()), counted};
    u8* out = bin_steps.data();
    for (u32 i = bin * bin_events; i < std::min(events, (bin + 1) * bin_events); ++i) {
      RecordHeader header;
      std::memcpy(&header, segment.bytes.data() + segment.offsets[i], sizeof header);
      kinds_[i] = static_cast<u8>(header.kind);
      if (!kinds_high_.empty()) kinds_high_[i] = static_cast<u8>(header.kind >> 8);
      note_provenance(i, static_cast<Provenance>(header.provenance));
      ++counted[static_cast<std::size_t>(classes[header.kind])];
      const u64 tick = std::max(last_.tick, std::min(header.tick, most_time));
      u64 retired = last_.retired;
      if (header.retired != unknown_number) {
        retired = std::max(retired, std::min(header.retired, most_time));
        counts_retired_ = true;
      }
      out = put_step(out, tick - last_.tick, retired - last_.retired);
      last_ = {segment.first + i, tick, retired};
    }
    steps_.insert(steps_.end(), bin_steps.data(), out);
  }
  steps_.shrink_to_fit();
}

// Most blocks have one provenance, so a column of them begins with the first event that differs.
void IndexedBlock::note_provenance(u32 index, Provenance provenance) {
  if (index == 0) usual_provenance_ = provenance;
  if (provenances_.empty() && provenance == usual_provenance_) return;
  provenances_.resize(kinds_.size(), static_cast<u8>(usual_provenance_));
  provenances_[index] = static_cast<u8>(provenance);
}

Provenance IndexedBlock::provenance(u32 index) const {
  return provenances_.empty() ? usual_provenance_ : static_cast<Provenance>(provenances_[index]);
}

u16 IndexedBlock::kind(u32 index) const {
  const u16 low = kinds_[index];
  return kinds_high_.empty() ? low : static_cast<u16>(low | kinds_high_[index] << 8);
}

Moment IndexedBlock::moment(u32 index) const {
  const Bin& bin = bins_[index / bin_events];
  const u8* in = steps_.data() + bin.step;
  Moment moment{first_ + index, bin.tick, bin.retired};
  for (u32 i = index / bin_events * bin_events; i <= index; ++i) take_step(in, moment);
  return moment;
}

ClassCounts IndexedBlock::counted(u32 index, const std::vector<LaneClass>& classes) const {
  ClassCounts result = before_;
  if (bins_.empty()) return result;
  const u32 bin = std::min(index / bin_events, static_cast<u32>(bins_.size()) - 1);
  for (std::size_t i = 0; i < lane_classes; ++i) result[i] += bins_[bin].counted[i];
  for (u32 i = bin * bin_events; i < index; ++i) ++result[static_cast<std::size_t>(classes[kind(i)])];
  return result;
}

u32 IndexedBlock::reaching(TimeAxis axis, u64 time) const {
  // The first bin whose start has reached the time: the event is in the bin before it, or is that bin's first.
  const auto behind = std::partition_point(bins_.begin(), bins_.end(), [&](const Bin& bin) {
    return (axis == TimeAxis::ticks ? bin.tick : bin.retired) < time;
  });
  const u32 end = static_cast<u32>(behind - bins_.begin());
  if (end == 0) return 0;
  const Bin& bin = bins_[end - 1];
  const u8* in = steps_.data() + bin.step;
  Moment moment{0, bin.tick, bin.retired};
  const u32 stop = std::min(events(), end * bin_events);
  for (u32 i = (end - 1) * bin_events; i < stop; ++i) {
    take_step(in, moment);
    if (time_of(moment, axis) >= time) return i;
  }
  return stop;
}

u32 IndexedBlock::next(const KindSet& kinds, u32 from) const {
  u32 index = from;
  while (index < events() && !kinds[kind(index)]) ++index;
  return index;
}

u32 IndexedBlock::previous(const KindSet& kinds, u32 before) const {
  for (u32 index = std::min(before, events()); index-- > 0;)
    if (kinds[kind(index)]) return index;
  return events();
}

std::size_t IndexedBlock::bytes() const {
  return sizeof *this + kinds_.capacity() + kinds_high_.capacity() + provenances_.capacity() + steps_.capacity() +
         bins_.capacity() * sizeof(Bin);
}

}  // namespace trapline::trace
