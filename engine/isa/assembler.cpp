// The three steps: lines to statements, statements to addresses, addresses to bytes.
#include "isa/assembler.h"

#include "isa/assembler/layout.h"
#include "isa/assembler/parser.h"

namespace trapline::isa {

Result<Assembly> assemble(std::string_view text, u64 origin) {
  if (text.size() > longest_source) {
    return usage_error("line 1: the source has " + std::to_string(text.size()) +
                       " bytes and at most 1048576 are taken; leave large data out of it");
  }
  const Result<assembler::Program> program = assembler::parse(text);
  if (!program) return program.error();
  return assembler::lay_out(*program, origin);
}

}  // namespace trapline::isa
