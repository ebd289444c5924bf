#include "visualizer/model/lane.h"

#include <filesystem>

#include "base/json.h"

namespace trapline::window {

namespace {

template <typename Event>
std::optional<trace::RecordedEvent> last_of(const trace::EventSource& source) {
  const auto sequence = source.last_before(source.kinds<Event>(), ~0ULL);
  return sequence ? source.at(*sequence) : std::nullopt;
}

std::string text_of(std::span<const std::byte> blob) {
  return std::string(reinterpret_cast<const char*>(blob.data()), blob.size());
}

std::string trouble_of(const trace::TraceReader& reader) {
  if (!reader.recovered().empty()) return reader.recovered();
  return reader.damage().empty() ? "" : reader.damage().front().sentence;
}

}  // namespace

Result<std::unique_ptr<Lane>> Lane::open(const std::string& path) {
  auto reader = trace::TraceReader::open(path);
  if (!reader) return reader.error();
  const std::shared_ptr<trace::TraceReader> shared = std::move(*reader);
  auto lane = std::make_unique<Lane>(shared, std::filesystem::path(path).stem().string());
  lane->facts_.path = path;
  lane->facts_.trouble = trouble_of(*shared);
  return lane;
}

Lane::Lane(std::shared_ptr<const trace::EventSource> source, std::string name) : source_(std::move(source)) {
  facts_.name = std::move(name);
  read_facts();
}

void Lane::read_facts() {
  facts_.events = source_->end();
  facts_.title = facts_.name;
  if (const auto first = source_->nth("run_header", 1))
    if (const auto event = source_->at(*first)) {
      facts_.header = event->as<trace::RunHeader>();
      facts_.header_json = text_of(event->blob());
      facts_.guest = text_in_json(facts_.header_json, "guest");
    }
  if (const auto event = last_of<trace::RunEnd>(*source_)) facts_.end = event->as<trace::RunEnd>();
  if (!facts_.header) return;
  const auto technique = trace::name_of(static_cast<trace::Technique>(facts_.header->technique));
  const auto metal = trace::name_of(static_cast<trace::MetalKind>(facts_.header->metal));
  if (!technique.empty() && !metal.empty()) facts_.title = std::string(technique) + " on " + std::string(metal);
}

trace::RunIndex& Lane::index() {
  if (!index_) index_ = std::make_unique<trace::RunIndex>(*source_);
  return *index_;
}

bool Lane::index_to(u64 sequence, const Interrupt& interrupt) {
  while (index().overview().built() <= sequence && !index().whole()) {
    if (interrupt) return false;
    index().advance(1);
  }
  return true;
}

trace::Hits* Lane::hits(const std::string& filter) {
  if (hits_ && filter == filter_) return hits_.get();
  hits_.reset();
  filter_ = filter;
  if (filter.empty()) return nullptr;
  if (auto parsed = trace::Filter::parse(filter, source_->schema()))
    hits_ = std::make_unique<trace::Hits>(*source_, std::move(*parsed));
  return hits_.get();
}

void tell_apart(std::span<const std::unique_ptr<Lane>> lanes) {
  std::map<std::string, unsigned> bearers;
  for (const auto& lane : lanes) ++bearers[lane->facts().title];
  for (const auto& lane : lanes) {
    const std::string title = lane->facts().title;
    if (bearers[title] > 1 && title != lane->facts().name) lane->rename(lane->facts().name + ": " + title);
  }
}

LaneSet::LaneSet(std::vector<std::unique_ptr<Lane>> lanes) : paths_(lanes.size()), lanes_(std::move(lanes)) {}

Lane* LaneSet::at(std::size_t lane) {
  if (lane >= lanes_.size()) return nullptr;
  if (!lanes_[lane] && !paths_[lane].empty())
    if (auto opened = Lane::open(paths_[lane])) lanes_[lane] = std::move(*opened);
  return lanes_[lane].get();
}

}  // namespace trapline::window
