// A page walk, a line for each reference, so that two dimensions can be followed with a finger.
#include "base/address.h"
#include "base/json.h"
#include "cli/show.h"
#include "cli/table.h"
#include "views/walk.h"

namespace trapline::cli {

namespace {

template <typename Enum>
std::string word(Enum value) {
  return std::string(trace::name_of(value));
}

const char* level_name(u8 dimension, u8 level) {
  static constexpr const char* guest[] = {"", "PTE", "PDE", "PDPTE", "PML4E"};
  static constexpr const char* ept[] = {"", "EPT PTE", "EPT PDE", "EPT PDPTE", "EPT PML4E"};
  if (level < 1 || level > 4) return "?";
  return static_cast<trace::Dimension>(dimension) == trace::Dimension::ept ? ept[level] : guest[level];
}

std::string purpose(const trace::WalkReference& reference) {
  if (static_cast<trace::Dimension>(reference.dimension) != trace::Dimension::ept) return "";
  if (reference.for_level == 0) return "to find the page itself";
  return std::string("to find the guest's ") +
         level_name(static_cast<u8>(trace::Dimension::guest), reference.for_level);
}

std::string entry_address(const trace::WalkReference& reference) {
  if (reference.entry_hpa != unknown_address) return "HPA " + hex(reference.entry_hpa);
  if (reference.entry_gpa != unknown_address) return "GPA " + hex(reference.entry_gpa);
  return "-";
}

std::string as_text(const views::WalkView& walk) {
  std::string out = "walk of event " + std::to_string(walk.first) + " (" + word(walk.provenance) + "): ";
  out += walk.begin.gva != unknown_address ? "GVA " + hex(walk.begin.gva) : "GPA " + hex(walk.begin.gpa);
  out += ", " + word(static_cast<trace::AccessKind>(walk.begin.access)) +
         (walk.begin.user ? " by user mode" : " by supervisor mode") + "\n";
  out += "  CR3 " + hex(walk.begin.root) +
         (walk.begin.ept_pointer ? ", EPTP " + hex(walk.begin.ept_pointer) : std::string(", no EPT")) + "\n\n";
  Table table({{"#", Align::right}, {"entry"}, {"at"}, {"value"}, {"from"}, {"why"}});
  for (std::size_t index = 0; index < walk.references.size(); ++index) {
    const auto& reference = walk.references[index];
    table.add({std::to_string(index + 1), level_name(reference.dimension, reference.level), entry_address(reference),
               padded_hex(reference.value), word(static_cast<trace::Source>(reference.source)), purpose(reference)});
  }
  out += table.text() + "\n";
  if (!walk.end) return out + "  the trace ends before the walk does\n";
  out += "  " + word(static_cast<trace::WalkOutcome>(walk.end->outcome)) + ": GPA " + hex(walk.end->gpa) + ", HPA " +
         hex(walk.end->hpa) + "; " + std::to_string(walk.from(trace::Source::memory)) + " references to memory, " +
         std::to_string(walk.from(trace::Source::paging_structure_cache)) + " entries from paging-structure caches, " +
         std::to_string(walk.from(trace::Source::tlb)) + " translations from the TLB\n";
  return out;
}

Json as_json(const views::WalkView& walk) {
  Json references = Json::array();
  for (const auto& reference : walk.references)
    references.push(Json::object()
                        .set("dimension", word(static_cast<trace::Dimension>(reference.dimension)))
                        .set("level", u64{reference.level})
                        .set("for_level", u64{reference.for_level})
                        .set("source", word(static_cast<trace::Source>(reference.source)))
                        .set_hex("entry_gpa", reference.entry_gpa)
                        .set_hex("entry_hpa", reference.entry_hpa)
                        .set_hex("value", reference.value));
  Json json = Json::object();
  json.set("seq", walk.first)
      .set("provenance", word(walk.provenance))
      .set_hex("gva", walk.begin.gva)
      .set("access", word(static_cast<trace::AccessKind>(walk.begin.access)))
      .set_flag("user", walk.begin.user)
      .set_hex("root", walk.begin.root)
      .set_hex("ept_pointer", walk.begin.ept_pointer)
      .set("references", references);
  if (!walk.end) return json.set_null("outcome");
  return json.set("outcome", word(static_cast<trace::WalkOutcome>(walk.end->outcome)))
      .set_hex("gpa", walk.end->gpa)
      .set_hex("hpa", walk.end->hpa)
      .set("page_level", u64{walk.end->page_level})
      .set("references_to_memory", u64{walk.end->references});
}

}  // namespace

Result<std::string> show_walk(const trace::EventSource& source, u64 at, Form form) {
  const auto walk = views::walk_at(source, at);
  if (!walk)
    return usage_error("no walk began at or before event " + std::to_string(at) +
                       "; a trace holds walks from recording level mmu on");
  return form == Form::json ? as_json(*walk).line() + "\n" : as_text(*walk);
}

}  // namespace trapline::cli
