// For runs on machines other than the lab's own (check-in-qemu):
//   print-plan SEED FILE     writes the boot module to the file and the expected fact lines to the standard output
//   print-plan --disk FILE   writes the lab PC's disk (MACHINE.md, "The disk") to the file
#include <cstdio>
#include <cstdlib>
#include <string>

#include "plan.h"
#include "plan_random.h"

namespace {

bool write_file(const char* name, const void* bytes, std::size_t count) {
  std::FILE* const file = std::fopen(name, "wb");
  const bool written = file != nullptr && std::fwrite(bytes, 1, count, file) == count;
  if ((file != nullptr && std::fclose(file) == 0) && written) return true;
  std::fprintf(stderr, "print-plan: %s cannot be written; choose another file\n", name);
  return false;
}

bool write_disk(const char* name) {
  std::vector<std::uint64_t> words;  // as they lie in memory: guests and their hosts are little endian
  for (std::uint64_t sector = 0; sector < 256; ++sector) {
    trapline::shuffle::Random contents(sector * 0x9e3779b97f4a7c15 + 1);
    for (unsigned word = 0; word < 64; ++word) words.push_back(contents.next());
  }
  return write_file(name, words.data(), words.size() * sizeof words[0]);
}

}  // namespace

int main(int count, char** words) {
  if (count != 3) {
    std::fputs("print-plan: give a seed, or --disk, and the name of a file\n", stderr);
    return 2;
  }
  if (words[1] == std::string("--disk")) return write_disk(words[2]) ? 0 : 2;
  const trapline::shuffle::Plan plan = trapline::shuffle::make_plan(std::strtoull(words[1], nullptr, 0));
  if (!write_file(words[2], plan.module.data(), plan.module.size())) return 2;
  std::fputs(plan.expected_facts.c_str(), stdout);
  return 0;
}
