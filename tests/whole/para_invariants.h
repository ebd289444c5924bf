// What must hold of a paravirtual guest's page tables after every hypercall, however hostile (spec/para_abi.h).
//
// Looked at are all frames in use as page tables, each by its use; since every entry of theirs must lead to a frame in
// the use that its level asks for, and the kernel's root must be one of them, that is all the processor can walk. The
// programs' root, a copy, is held against the kernel's.
#pragma once

#include <map>
#include <set>

#include "whole/para_lab.h"

namespace trapline::whole {

// Why a frame may be in a use besides the entries of page tables.
struct OtherHolders {
  std::set<u64> pinned;  // frames
  std::set<u64> device;  // frames that the disk writes to
};

class ParaInvariants {
 public:
  ParaInvariants(ParaLab& lab, const OtherHolders& others) : lab_(lab), others_(others) {}
  // What is wrong; empty: nothing.
  std::string broken();

 private:
  void check_roots();
  void check_table(u64 frame);
  void check_entry(u64 place, u64 entry, unsigned level, bool user_part);
  void check_leaf(u64 place, u64 entry, bool user_part, bool asked_user);
  void check_begin();
  void check_uses();
  void wrong(const std::string& what, u64 place, u64 entry);
  bool must(bool holds, const char* what, u64 place, u64 entry) {
    if (!holds) wrong(what, place, entry);
    return holds;
  }

  ParaLab& lab_;
  const OtherHolders& others_;
  std::map<u64, std::set<trace::FrameUse>> wanted_;  // by frame
  std::string broken_;
};

}  // namespace trapline::whole
