// One trace as one thread reads it, with the folds that were asked of it so far. Not safe for several threads: the
// interface and the worker open a lane each.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <typeindex>
#include <vector>

#include "trace/hits.h"
#include "trace/reader.h"
#include "trace/run_index.h"
#include "visualizer/model/fold_cache.h"

namespace trapline::window {

// Who a lane is, from its first and last events alone.
struct LaneFacts {
  std::string path;
  std::string name;   // of the file, without folder and ending
  std::string title;  // "full on soft"; the name where the header is missing
  std::string guest;  // empty where unknown
  std::optional<trace::RunHeader> header;
  std::string header_json;
  std::optional<trace::RunEnd> end;
  u64 events = 0;       // one past the last sequence number
  std::string trouble;  // what is missing or damaged, in a sentence; empty for a whole file

  bool on_kvm() const { return header && header->metal == static_cast<u8>(trace::MetalKind::kvm); }
  bool technique_is(trace::Technique technique) const {
    return header && header->technique == static_cast<u8>(technique);
  }
  bool records(trace::Level level) const { return header && header->level >= static_cast<u8>(level); }
};

class Lane {
 public:
  static Result<std::unique_ptr<Lane>> open(const std::string& path);
  // For tests and for runs in memory.
  explicit Lane(std::shared_ptr<const trace::EventSource> source, std::string name = "lane");

  const trace::EventSource& source() const { return *source_; }
  const LaneFacts& facts() const { return facts_; }
  void rename(std::string title) { facts_.title = std::move(title); }

  // The whole run at every zoom, as far as it has been built; whoever has time calls advance().
  trace::RunIndex& index();
  // Built at least to behind this event; false where the interrupt came first.
  bool index_to(u64 sequence, const Interrupt& interrupt);
  // What a filter finds, as far as it has been looked for; null where the filter is empty or wrong. The filter asked
  // for last is kept.
  trace::Hits* hits(const std::string& filter);

  // The view after the event at `at`; null where the interrupt came first.
  template <typename View>
  const View* after(u64 at, const Interrupt& interrupt) {
    return cache<View>().at(*source_, at == ~0ULL ? at : at + 1, interrupt);
  }

 private:
  template <typename View>
  FoldCache<View>& cache() {
    auto& slot = caches_[std::type_index(typeid(View))];
    if (!slot) slot = std::make_shared<FoldCache<View>>();
    return *static_cast<FoldCache<View>*>(slot.get());
  }
  void read_facts();

  std::shared_ptr<const trace::EventSource> source_;
  LaneFacts facts_;
  std::unique_ptr<trace::RunIndex> index_;
  std::string filter_;
  std::unique_ptr<trace::Hits> hits_;
  std::map<std::type_index, std::shared_ptr<void>> caches_;
};

// Lanes of one title get the names of their files before it, so that each can be told from the others.
void tell_apart(std::span<const std::unique_ptr<Lane>> lanes);

// The lanes of a document, as the worker holds them: opened when first asked for.
class LaneSet {
 public:
  explicit LaneSet(std::vector<std::string> paths) : paths_(std::move(paths)), lanes_(paths_.size()) {}
  // For tests.
  explicit LaneSet(std::vector<std::unique_ptr<Lane>> lanes);

  std::size_t size() const { return lanes_.size(); }
  // Null where the file cannot be read any more.
  Lane* at(std::size_t lane);

 private:
  std::vector<std::string> paths_;
  std::vector<std::unique_ptr<Lane>> lanes_;
};

}  // namespace trapline::window
