#include "visualizer/rows/explain_rows.h"

#include "trace/text.h"

namespace trapline::window {

ExplainRows explain_rows(LaneSet& lanes, const Question& question, const Interrupt&) {
  ExplainRows rows;
  rows.sequence = question.at.sequence;
  Lane* const lane = lanes.at(question.at.lane);
  const auto event = lane == nullptr ? std::nullopt : lane->source().at(rows.sequence);
  if (!event) return rows;
  rows.known = true;
  rows.provenance = event->stamp().provenance;
  rows.explanation = explain::explain(lane->source(), rows.sequence, question.language);
  for (std::size_t i = 0; i < event->field_count(); ++i)
    rows.fields.emplace_back(event->schema().fields[i].name, trace::field_text(*event, i));
  return rows;
}

}  // namespace trapline::window
