// The parts of the tour's worker; each prints its facts.
#pragma once
#include "../../common/types.h"

namespace tour::user {

void compute();
void use_strings();
void ask_kernel();
void fault();
void trespass();
void read_disk();
void take_ticks();

}  // namespace tour::user
