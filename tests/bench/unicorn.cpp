// The 8-instruction loop under Unicorn, no hooks: processor seconds for COUNT rounds.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <unicorn/unicorn.h>

namespace {

constexpr std::uint64_t code_at = 0x100000, data_at = 0x9000;
// The loop of loop.S, the registers set from outside.
constexpr std::uint8_t code[] = {0x48, 0x8b, 0x06, 0x48, 0x01, 0xd0, 0x48, 0x89, 0x07, 0x4c, 0x31, 0xc0,
                                 0x4f, 0x8d, 0x0c, 0x48, 0x4d, 0x21, 0xd9, 0x48, 0xff, 0xc9, 0x75, 0xe8};

}  // namespace

int main(int count, char** arguments) {
  if (count != 2) return 2;
  std::uint64_t rounds = std::strtoull(arguments[1], nullptr, 10);
  uc_engine* machine = nullptr;
  if (uc_open(UC_ARCH_X86, UC_MODE_64, &machine) != UC_ERR_OK) return 1;
  uc_mem_map(machine, code_at, 0x1000, UC_PROT_ALL);
  uc_mem_map(machine, data_at, 0x1000, UC_PROT_ALL);
  uc_mem_write(machine, code_at, code, sizeof code);
  std::uint64_t rsi = data_at, rdi = data_at + 0x40, mask = 0x00ff00ff00ff00ff, addend = 0x123456789abcdef;
  uc_reg_write(machine, UC_X86_REG_RCX, &rounds);
  uc_reg_write(machine, UC_X86_REG_RSI, &rsi);
  uc_reg_write(machine, UC_X86_REG_RDI, &rdi);
  uc_reg_write(machine, UC_X86_REG_RDX, &addend);
  uc_reg_write(machine, UC_X86_REG_R11, &mask);
  const std::clock_t before = std::clock();
  const uc_err error = uc_emu_start(machine, code_at, code_at + sizeof code, 0, 0);
  std::printf("%.6f\n", static_cast<double>(std::clock() - before) / CLOCKS_PER_SEC);
  uc_close(machine);
  return error == UC_ERR_OK ? 0 : 1;
}
