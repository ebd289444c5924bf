// The sixteen conditions (SDM vol. 2, "tttn Field"), straight from the lazy words.
#pragma once

#include "cpu/flags.h"

namespace trapline::cpu {

enum class Condition : u8 { o, no, b, nb, z, nz, be, nbe, s, ns, p, np, l, nl, le, nle };

template <Condition condition>
inline bool holds(const LazyFlags& flags) {
  switch (static_cast<Condition>(static_cast<u8>(condition) & ~1)) {
    case Condition::o:
      return flags.of() == (condition == Condition::o);
    case Condition::b:
      return flags.cf() == (condition == Condition::b);
    case Condition::z:
      return flags.zf() == (condition == Condition::z);
    case Condition::be:
      return (flags.cf() || flags.zf()) == (condition == Condition::be);
    case Condition::s:
      return flags.sf() == (condition == Condition::s);
    case Condition::p:
      return flags.pf() == (condition == Condition::p);
    case Condition::l:
      return (flags.sf() != flags.of()) == (condition == Condition::l);
    default:
      return (flags.zf() || flags.sf() != flags.of()) == (condition == Condition::le);
  }
}

}  // namespace trapline::cpu
