#include "cpu/native_runner.h"

#include <csignal>
#include <cstring>
#include <sys/mman.h>
#include <ucontext.h>

// Registers in the order of their numbers, then RFLAGS.
extern "C" {
extern trapline::u64 trapline_native_state[17];
extern trapline::u64 trapline_native_target;
extern trapline::u64 trapline_native_end;
void trapline_native_enter();
void trapline_native_exit_through();
void trapline_native_exit_branched();
void trapline_native_exit_faulted();
}

asm(R"(
.data
.balign 8
.globl trapline_native_state, trapline_native_target, trapline_native_end
trapline_native_state: .zero 136
trapline_native_target: .quad 0
trapline_native_end: .quad 0
trapline_native_rsp: .quad 0
.text
.globl trapline_native_enter, trapline_native_exit_through, trapline_native_exit_branched, trapline_native_exit_faulted
trapline_native_enter:
  push %rbx
  push %rbp
  push %r12
  push %r13
  push %r14
  push %r15
  mov %rsp, trapline_native_rsp(%rip)
  push trapline_native_state+128(%rip)
  popfq
  mov trapline_native_state+0(%rip), %rax
  mov trapline_native_state+8(%rip), %rcx
  mov trapline_native_state+16(%rip), %rdx
  mov trapline_native_state+24(%rip), %rbx
  mov trapline_native_state+32(%rip), %rsp
  mov trapline_native_state+40(%rip), %rbp
  mov trapline_native_state+48(%rip), %rsi
  mov trapline_native_state+56(%rip), %rdi
  mov trapline_native_state+64(%rip), %r8
  mov trapline_native_state+72(%rip), %r9
  mov trapline_native_state+80(%rip), %r10
  mov trapline_native_state+88(%rip), %r11
  mov trapline_native_state+96(%rip), %r12
  mov trapline_native_state+104(%rip), %r13
  mov trapline_native_state+112(%rip), %r14
  mov trapline_native_state+120(%rip), %r15
  jmp *trapline_native_target(%rip)
trapline_native_exit_branched:
  movq $1, trapline_native_end(%rip)
  jmp 1f
trapline_native_exit_through:
  movq $0, trapline_native_end(%rip)
1:
  mov %rax, trapline_native_state+0(%rip)
  mov %rcx, trapline_native_state+8(%rip)
  mov %rdx, trapline_native_state+16(%rip)
  mov %rbx, trapline_native_state+24(%rip)
  mov %rsp, trapline_native_state+32(%rip)
  mov %rbp, trapline_native_state+40(%rip)
  mov %rsi, trapline_native_state+48(%rip)
  mov %rdi, trapline_native_state+56(%rip)
  mov %r8, trapline_native_state+64(%rip)
  mov %r9, trapline_native_state+72(%rip)
  mov %r10, trapline_native_state+80(%rip)
  mov %r11, trapline_native_state+88(%rip)
  mov %r12, trapline_native_state+96(%rip)
  mov %r13, trapline_native_state+104(%rip)
  mov %r14, trapline_native_state+112(%rip)
  mov %r15, trapline_native_state+120(%rip)
  mov trapline_native_rsp(%rip), %rsp
  pushfq
  popq trapline_native_state+128(%rip)
trapline_native_exit_faulted:
  mov trapline_native_rsp(%rip), %rsp
  cld
  pop %r15
  pop %r14
  pop %r13
  pop %r12
  pop %rbp
  pop %rbx
  ret
)");

namespace trapline::test {
namespace {

constexpr u64 faulted = 2;
u64 fault_vector, fault_error, fault_cr2;
u64 exit_places[2];
alignas(16) u8 signal_stack[64 * 1024];
struct sigaction old_actions[4];
constexpr int signals[4] = {SIGFPE, SIGSEGV, SIGBUS, SIGILL};

void on_fault(int, siginfo_t*, void* context) {
  auto& registers = static_cast<ucontext_t*>(context)->uc_mcontext.gregs;
  constexpr int order[16] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
                             REG_R8,  REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15};
  for (int i = 0; i < 16; ++i) trapline_native_state[i] = static_cast<u64>(registers[order[i]]);
  trapline_native_state[16] = static_cast<u64>(registers[REG_EFL]);
  trapline_native_end = faulted;
  fault_vector = static_cast<u64>(registers[REG_TRAPNO]);
  fault_error = static_cast<u64>(registers[REG_ERR]);
  fault_cr2 = static_cast<u64>(registers[REG_CR2]);
  registers[REG_RIP] = reinterpret_cast<greg_t>(trapline_native_exit_faulted);
  registers[REG_EFL] &= ~0x400;
}

bool map_at(u64 address, u64 bytes, int protection) {
  void* const wanted = reinterpret_cast<void*>(address);
  return mmap(wanted, bytes, protection, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) == wanted;
}

void put_exit(u8* at, const u64* place_of_address) {
  const u8 jump[6] = {0xff, 0x25, 0, 0, 0, 0};  // jmp [rip+0]
  std::memcpy(at, jump, sizeof jump);
  std::memcpy(at + sizeof jump, place_of_address, 8);
}

}  // namespace

NativeRunner::NativeRunner() {
  exit_places[0] = reinterpret_cast<u64>(trapline_native_exit_through);
  exit_places[1] = reinterpret_cast<u64>(trapline_native_exit_branched);
  usable_ = map_at(code, page, PROT_READ | PROT_WRITE | PROT_EXEC) &&
            map_at(window, pages * page, PROT_READ | PROT_WRITE) && map_at(window + pages * page, page, PROT_NONE);
  stack_t stack{};
  stack.ss_sp = signal_stack;
  stack.ss_size = sizeof signal_stack;
  sigaltstack(&stack, nullptr);
  struct sigaction action {};
  action.sa_sigaction = on_fault;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  for (int i = 0; i < 4; ++i) sigaction(signals[i], &action, &old_actions[i]);
}

NativeRunner::~NativeRunner() {
  for (int i = 0; i < 4; ++i) sigaction(signals[i], &old_actions[i], nullptr);
  munmap(reinterpret_cast<void*>(code), page);
  munmap(reinterpret_cast<void*>(window), (pages + 1) * page);
}

void NativeRunner::set_read_only_page(std::span<const u8> bytes) {
  u8* const last = memory().data() + writable_pages * page;
  mprotect(last, page, PROT_READ | PROT_WRITE);
  std::memcpy(last, bytes.data(), page);
  mprotect(last, page, PROT_READ);
}

std::array<u8, 0x50> NativeRunner::place(std::span<const u8> instructions) {
  std::array<u8, 0x50> bytes;
  bytes.fill(0x90);
  std::memcpy(bytes.data(), instructions.data(), instructions.size());
  put_exit(bytes.data() + instructions.size(), &exit_places[0]);
  put_exit(bytes.data() + 0x40, &exit_places[1]);
  std::memcpy(reinterpret_cast<u8*>(code), bytes.data(), bytes.size());
  return bytes;
}

NativeResult NativeRunner::run(const std::array<u64, 16>& gpr, u64 rflags) {
  std::memcpy(trapline_native_state, gpr.data(), sizeof gpr);
  trapline_native_state[16] = rflags;
  trapline_native_target = code;
  trapline_native_enter();
  NativeResult result;
  result.end = static_cast<NativeResult::End>(trapline_native_end);
  std::memcpy(result.gpr.data(), trapline_native_state, sizeof result.gpr);
  result.rflags = trapline_native_state[16];
  result.vector = fault_vector;
  result.error_code = fault_error;
  result.cr2 = fault_cr2;
  return result;
}

}  // namespace trapline::test
