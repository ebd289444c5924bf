// Every view on traces that hold nothing, are cut or damaged, or come from a metal that sees little: it draws
// something, says it in words at least, and nothing falls over.
#include <doctest/doctest.h>

#include "pictures/approved.h"
#include "pictures/cases.h"
#include "pictures/traces.h"
#include "visualizer/model/lane.h"

using namespace trapline;
using namespace trapline::window;

namespace {

const test::PoorTrace& poor(std::string_view what) {
  for (const test::PoorTrace& trace : test::poor_traces())
    if (trace.what == what) return trace;
  FAIL("there is no such trace: " << std::string(what));
  return test::poor_traces().front();
}

const LaneFacts facts_of(std::string_view what) {
  auto lane = Lane::open(poor(what).path);
  REQUIRE(lane);
  return (*lane)->facts();
}

}  // namespace

TEST_CASE("the poor traces are as poor as they should be") {
  CHECK(facts_of("no event at all").events == 0);
  CHECK(facts_of("a header alone").events == 1);
  for (const char* const what : {"cut, full", "cut, para", "cut, hardware"}) {
    CHECK_FALSE(facts_of(what).trouble.empty());
    CHECK(facts_of(what).events > 1000);
    CHECK_FALSE(facts_of(what).end);
  }
  for (const char* const what : {"damaged, full", "damaged, para", "damaged, hardware"})
    CHECK_MESSAGE(test::places_in(poor(what).path).size() == 4, "one place of " << what << " cannot be read");
  CHECK(facts_of("as on kvm").on_kvm());
  const auto lane = Lane::open(poor("as on kvm").path);
  REQUIRE(lane);
  CHECK((*lane)->source().count_of("vmcs_read") == 0);
  CHECK((*lane)->source().count_of("walk_end") > 100);
  CHECK((*lane)->source().at(1000)->stamp().retired == trace::unknown_number);
}

TEST_CASE("every view draws every poor trace at its beginning, middle, end and damage") {
  for (const test::PoorTrace& trace : test::poor_traces()) {
    CAPTURE(trace.what);
    for (const u64 place : test::places_in(trace.path)) {
      CAPTURE(place);
      for (const ViewRow& view : all_views()) {
        const std::string name(view.name);
        CAPTURE(name);
        PanelRequest request{.view = name, .traces = {trace.path}, .at = std::to_string(place)};
        if (trace.what == "no event at all") request.at = "end";
        request.width = 500;
        request.height = 350;
        request.fonts = test::shared_fonts(Language::english);
        const auto picture = panel_picture(request);
        REQUIRE_MESSAGE(picture, picture.error().sentence);
        CHECK(picture->width == 500);
        CHECK_FALSE(test::is_blank(*picture));
      }
    }
  }
}

TEST_CASE("a poor trace beside good ones spoils none") {
  for (const std::string view : {"compare", "exits", "timeline"}) {
    if (find_view(view) == nullptr) continue;
    for (const char* const what : {"a header alone", "cut, para", "damaged, hardware", "as on kvm"}) {
      const test::PoorTrace& trace = poor(what);
      CAPTURE(view);
      CAPTURE(trace.what);
      PanelRequest request{.view = view, .traces = {test::tour().full, trace.path, test::tour().hardware}};
      request.fonts = test::shared_fonts(Language::english);
      const auto picture = panel_picture(request);
      REQUIRE_MESSAGE(picture, picture.error().sentence);
      CHECK_FALSE(test::is_blank(*picture));
    }
  }
}
