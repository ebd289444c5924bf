// The filter language: which events of a trace are meant.
//
//   vm_exit.reason == EPT_VIOLATION and gpa in 0x1000..0x1fff
//   (kind == tlb_fill or tlb_evict) and not vpid == 0
//
//   expression  := expression `or` expression | expression `and` expression | `not` expression | ( expression )
//                | KIND | FIELD | FIELD (== != < <= > >=) VALUE | FIELD in VALUE..VALUE
//   FIELD       := KIND.NAME | NAME          a bare name means every kind that has such a field
//                | seq kind vcpu tick retired cause provenance
//   VALUE       := 123 | 0x7b | a word of the field's vocabulary, in any case | true | false | unknown
//
// A KIND alone holds for its events; a FIELD alone holds where it is not zero. A comparison is false for an event that
// has no such field, and for a field whose value is unknown, save that `== unknown` finds it; `not` turns both round.
// `a..b` includes both ends. `not` binds tightest, then `and`, then `or`.
#pragma once

#include <memory>
#include <string_view>

#include "base/result.h"
#include "trace/event_source.h"

namespace trapline::trace {

struct FilterNode;

class Filter {
 public:
  // Errors are usage errors in one sentence, with the position (from 1) and the nearest known name.
  static Result<Filter> parse(std::string_view text, const Schema& schema);
  Filter(Filter&&) noexcept;
  Filter& operator=(Filter&&) noexcept;
  ~Filter();

  bool matches(const RecordedEvent& event) const;
  // Kinds outside this set never match: for skipping what need not be decoded.
  const KindSet& kinds() const { return kinds_; }

 private:
  explicit Filter(std::unique_ptr<FilterNode> root);
  std::unique_ptr<FilterNode> root_;
  KindSet kinds_;
};

}  // namespace trapline::trace
