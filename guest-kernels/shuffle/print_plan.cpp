// print-plan SEED MODULE: writes the boot module to a file and the expected fact lines to the standard output, for runs
// on machines other than the lab's own (check-in-qemu).
#include <cstdio>
#include <cstdlib>

#include "plan.h"

int main(int count, char** words) {
  if (count != 3) {
    std::fputs("print-plan: give a seed and the name of the file for the boot module\n", stderr);
    return 2;
  }
  const trapline::shuffle::Plan plan = trapline::shuffle::make_plan(std::strtoull(words[1], nullptr, 0));
  std::FILE* const file = std::fopen(words[2], "wb");
  if (file == nullptr || std::fwrite(plan.module.data(), 1, plan.module.size(), file) != plan.module.size() ||
      std::fclose(file) != 0) {
    std::fprintf(stderr, "print-plan: %s cannot be written; choose another file\n", words[2]);
    return 2;
  }
  std::fputs(plan.expected_facts.c_str(), stdout);
  return 0;
}
