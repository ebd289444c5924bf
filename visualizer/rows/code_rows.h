// The instructions around the cursor. At level instructions: those that were executed, in their order, with what broke
// in between. Below it: the places that events name, and the code there from the guest's image.
#pragma once

#include <string>
#include <vector>

#include "visualizer/model/desk.h"
#include "visualizer/rows/guest_image.h"

namespace trapline::window {

struct CodeLine {
  u64 sequence = 0;   // of the event; 0 in a listing
  std::string event;  // kind and word of what is no instruction: `vm_exit CPUID`; empty for an instruction
  std::optional<u64> rip;
  std::string bytes, text;  // text empty where the bytes are not known
  std::string symbol;       // `main+0x12`, where the image has symbols
  std::optional<u8> cpl;
  std::optional<u64> retired;
  bool current = false;
  bool from_image = false;  // the bytes are the file's
};

struct CodeRows {
  bool executed = false;  // instructions were recorded
  bool on_kvm = false;
  bool has_image = false;
  std::vector<CodeLine> lines;    // in the order of events
  std::vector<CodeLine> listing;  // in the order of addresses, around the current place; from the image
  // Where the current place lies in the code cache: the block's event and its guest code.
  std::optional<u64> cached_block;
  u64 cached_rip = 0, cache_address = 0;
};

CodeRows code_rows(LaneSet& lanes, const Question& question, const Interrupt& interrupt, const ImageOf& image_of);

}  // namespace trapline::window
