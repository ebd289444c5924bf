// What opens first: the labs, what this host can do, what was opened last. Arrow keys and Enter, or the mouse.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "kvm/probe.h"
#include "visualizer/model/link.h"
#include "visualizer/widgets/frame.h"

namespace trapline::window {

struct LabRow {
  std::string number;  // what a user types: 07
  std::string name;    // 07-three-ways
  std::string title, summary;
  u64 minutes = 0;
};

struct StartRows {
  std::vector<LabRow> labs;
  std::vector<std::string> host;                            // a sentence each
  std::vector<std::pair<std::string, std::string>> guests;  // name, what it is
};
StartRows start_rows(const Words& words, const kvm::Probe& host);

// Whether keys are for this screen, and not for what lies over it.
enum class Listening : u8 { no, yes };

class StartScreen {
 public:
  // Who says what this host can do; pictures that are to be the same everywhere bring a host of their own.
  using AskHost = std::function<kvm::Probe()>;
  explicit StartScreen(AskHost ask_host) : ask_host_(std::move(ask_host)) {}

  // `busy` is a sentence while something is being recorded, `told` one about what went wrong. What is chosen goes into
  // the requests.
  void draw(Frame& frame, const std::vector<std::string>& recent, const std::string& busy, const std::string& told,
            Listening listening);
  // Reads the labs anew, in the language of now.
  void refresh() { rows_.reset(); }

 private:
  void draw_labs(Frame& frame);
  void draw_side(Frame& frame, const std::vector<std::string>& recent);
  std::string name_of(const Link& link) const;
  bool entry(Frame& frame, const std::string& first, const std::string& title, const std::string& second,
             Request request);
  void hear_keys(Listening listening);

  AskHost ask_host_;
  std::optional<StartRows> rows_;
  std::size_t chosen_ = 0, entries_ = 0;
  bool enter_ = false, moved_ = false;
};

}  // namespace trapline::window
