// The comparison for programs: every number that the text has, and those that it leaves out for length.
#include "base/json.h"
#include "cli/compare.h"
#include "compare/differences.h"
#include "compare/prices.h"

namespace trapline::cli {

namespace {

using compare::Cell;
using compare::Knowledge;
using compare::Lane;
using Lanes = std::vector<Lane>;

Json json_of(const Cell& cell) {
  Json json = Json::object();
  switch (cell.knowledge) {
    case Knowledge::counted:
      return json.set("state", "counted").set("count", cell.count);
    case Knowledge::unknown:
      return json.set("state", "unknown").set_null("count").set("reason", cell.reason.english);
    case Knowledge::not_recorded:
      return json.set("state", "not_recorded").set_null("count");
  }
  return json;
}

// Every measure of a stretch of the lane, by name.
Json measures_of(const Lane& lane, const compare::Account& account) {
  Json all = Json::object();
  for (const compare::MeasureInfo& info : compare::measures()) {
    const Cell cell = compare::cell_of(lane, info.measure, account);
    Json json = json_of(cell);
    if (cell.knowledge == Knowledge::counted && !account.words(info.measure).empty()) {
      Json words = Json::object();
      for (const auto& [word, count] : account.words(info.measure)) words.set(word, count);
      json.set("by", words);
    }
    all.set(info.name, json);
  }
  return all;
}

Json lane_json(const Lane& lane) {
  Json json = Json::object()
                  .set("trace", lane.name)
                  .set("image_sha256", lane.identity.image_sha256)
                  .set("technique", lane.technique())
                  .set("metal", lane.metal())
                  .set("level", trace::name_of(static_cast<trace::Level>(lane.header->level)))
                  .set("cost_generation", lane.identity.generation);
  if (lane.end)
    json.set("outcome", trace::name_of(static_cast<trace::Outcome>(lane.end->outcome)))
        .set("exit_code", u64{lane.end->exit_code});
  else
    json.set_null("outcome").set_null("exit_code");
  if (const auto digest = lane.digest())
    json.set("digest", *digest);
  else
    json.set_null("digest");
  return json.set("retired", json_of(compare::retired_of(lane)))
      .set("ticks", lane.ticks)
      .set("tick_unit", compare::tick_unit(lane))
      .set("measures", measures_of(lane, lane.account));
}

Json begin_json(const compare::Begin& begin) {
  Json json = Json::object()
                  .set("action", compare::action_name(begin.action))
                  .set("ordinal", u64{begin.ordinal})
                  .set("event", begin.sequence);
  if (begin.retired == trace::unknown_number) return json.set_null("retired");
  return json.set("retired", begin.retired);
}

Json alignment_json(const Lanes& lanes) {
  const compare::Alignment alignment = compare::align(lanes);
  Json json = Json::object().set("aligned", alignment.aligned).set("unmatched", alignment.unmatched);
  if (alignment.missing)
    json.set("first_unmatched", begin_json(alignment.missing->begin)
                                    .set("lane", u64{alignment.missing->lane})
                                    .set("not_in", u64{alignment.missing->other}));
  Json pairs = Json::array();
  for (const auto& pair : compare::align_retired(lanes)) {
    Json one = Json::object()
                   .set("left", u64{pair.left})
                   .set("right", u64{pair.right})
                   .set("compared", pair.compared)
                   .set("equal", pair.equal);
    if (pair.first)
      one.set("first_difference",
              Json::object().set("left", begin_json(pair.first->left)).set("right", begin_json(pair.first->right)));
    pairs.push(one);
  }
  return json.set("retired", pairs);
}

Json stretch_json(const Lane& lane, const compare::ActionTotals::Stretch& stretch) {
  return Json::object().set("ticks", stretch.ticks).set("measures", measures_of(lane, stretch.account));
}

Json actions_json(const Lanes& lanes) {
  Json actions = Json::array();
  for (const u8 action : compare::action_kinds(lanes)) {
    Json sides = Json::array();
    for (const Lane& lane : lanes) {
      const auto found = lane.actions.find(action);
      if (found == lane.actions.end() || found->second.occurrences == 0) {
        sides.push(Json::object().set("occurrences", u64{0}));
        continue;
      }
      const compare::ActionTotals& totals = found->second;
      Json first = stretch_json(lane, totals.first);
      first.set("ordinal", u64{totals.first_ordinal}).set("begin", totals.first_begin);
      if (totals.first_ended)
        first.set("end", totals.first_end);
      else
        first.set_null("end");
      sides.push(Json::object()
                     .set("occurrences", totals.occurrences)
                     .set("first", first)
                     .set("all", stretch_json(lane, totals.all)));
    }
    actions.push(Json::object().set("action", compare::action_name(action)).set("lanes", sides));
  }
  return actions;
}

Json side_json(const compare::Difference::Side& side) {
  return Json::object()
      .set("lane", u64{side.lane})
      .set("value", side.value)
      .set("occurrences", side.occurrences)
      .set("event", side.first_begin);
}

Json differences_json(const Lanes& lanes) {
  Json list = Json::array();
  for (const auto& difference : compare::largest_differences(lanes))
    list.push(Json::object()
                  .set("action", compare::action_name(difference.action))
                  .set("quantity", compare::name_of(difference.quantity))
                  .set("ratio_hundredths", compare::ratio_of(difference))
                  .set("more", side_json(difference.more))
                  .set("less", side_json(difference.less))
                  .set("sentence", compare::sentence_of(lanes, difference)));
  return list;
}

Json price_json(const Lane& lane, const spec::GenerationInfo& generation) {
  const compare::Price price = compare::price_of(lane, generation.value);
  if (!price.known) return Json::object().set_null("cycles");
  Json json = Json::object().set("cycles", price.cycles).set("in_ticks", price.in_ticks);
  if (lane.modelled() && lane.identity.generation == generation.name)
    json.set("explained_permille", price.explained_permille);
  return json;
}

Json prices_json(const Lanes& lanes, const std::vector<spec::GenerationInfo>& generations) {
  Json list = Json::array();
  for (const auto& generation : generations) {
    Json prices = Json::array(), order = Json::array();
    for (const Lane& lane : lanes) prices.push(price_json(lane, generation));
    for (const std::size_t lane : compare::ranking(lanes, generation.value))
      order.push(Json::object().set("lane", u64{lane}));
    list.push(Json::object().set("generation", generation.name).set("lanes", prices).set("ranking", order));
  }
  return list;
}

Json terms_json(const Lanes& lanes) {
  Json list = Json::array();
  for (const Lane& lane : lanes) {
    Json terms = Json::array();
    for (const compare::Term& term : compare::terms_of(lane))
      terms.push(json_of(term.count)
                     .set("counted_from", term.name)
                     .set("cost", spec::info_of(term.cost).name)
                     .set_flag("in_ticks", term.in_ticks));
    list.push(terms);
  }
  return list;
}

}  // namespace

std::string compare_json(const Lanes& lanes, const std::vector<spec::GenerationInfo>& generations) {
  Json list = Json::array();
  for (const Lane& lane : lanes) list.push(lane_json(lane));
  return Json::object()
             .set("guest", lanes[0].identity.guest)
             .set("image_sha256", lanes[0].identity.image_sha256)
             .set("seed", lanes[0].header->seed)
             .set_flag("digests_agree", compare::digests_agree(lanes))
             .set("lanes", list)
             .set("alignment", alignment_json(lanes))
             .set("actions", actions_json(lanes))
             .set("differences", differences_json(lanes))
             .set("price_terms", terms_json(lanes))
             .set("prices", prices_json(lanes, generations))
             .line() +
         "\n";
}

}  // namespace trapline::cli
