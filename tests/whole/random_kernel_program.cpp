// The program of a random kernel: arithmetic, branches, calls and loops, sensitive instructions between them, and code
// that changes code.
#include <algorithm>

#include "whole/random_kernel_code.h"

namespace trapline::whole {

namespace {

namespace at = kernel_place;
using enum arch::Gpr;

constexpr unsigned fit_for_alu[] = {rax, rdx, rbx, rbp, rsi, r8, r9, r10, r11};

// R12 holds the data page, R13 counts the loop, R14 is the guard's, RSP the stack. The price of a piece is an upper
// bound of what it executes, handlers included.
class Program {
 public:
  Program(u64 seed, u64 linear) : chance_(seed), code_(linear) {}

  std::vector<u8> run(Timer timer) {
    u64 left = random_kernel_instructions - 150;
    if (chance_.one_in(3) || timer == Timer::always) start_timer();
    const auto pad = chance_.below(64);
    for (u64 i = 0; i < pad; ++i) code_.put({0x90});
    left -= pad;
    while (left > 150 && code_.size() < at::code_end - at::code - 0x2000) {
      spent_ = 0;
      if (chance_.one_in(5))
        loop();
      else
        piece();
      left -= std::min(left, spent_);
    }
    code_.put({0x31, 0xc0, 0xe7, 0xf4});
    return code_.bytes();
  }

 private:
  void piece() {
    switch (chance_.below(12)) {
      case 0:
        return call();
      case 1:
        return indirect_jump();
      case 2:
        return short_loop();
      case 3:
        return data_in_code();
      case 4:
        return switch_stack();
      case 5:
        return modify_ahead();
      case 6:
        return modify_call();
      case 7:
        return strings();
      case 8:
        return leave_page();
      case 9:
        return branch_over();
      default:
        return sensitive();
    }
  }
  void pay(u64 price) { spent_ += price * repeats_; }

  void sensitive() {
    put_sensitive(code_, chance_, static_cast<unsigned>(chance_.below(sensitive_pieces)));
    pay(32);
    alu();
  }

  // Any ADD OR ADC SBB AND SUB XOR CMP, MOV, XCHG, IMUL, shift, CMOV or SETcc between registers, constants and memory.
  void alu() {
    for (u64 count = 1 + chance_.below(4); count > 0; --count, pay(1)) {
      const unsigned to = chance_.of(fit_for_alu), from = chance_.of(fit_for_alu);
      const unsigned rex = 0x40 | (chance_.one_in(2) ? 8 : 0) | (from >> 3) << 2 | to >> 3;
      const unsigned modrm = 0xc0 | (from & 7) << 3 | (to & 7);
      const auto operation = static_cast<unsigned>(chance_.below(8)) << 3;
      switch (chance_.below(7)) {
        case 0:
          code_.put({rex, operation | 1, modrm});
          break;
        case 1:
          code_.put({rex & ~4u, 0x81, 0xc0 | operation | (to & 7)}), code_.little(chance_.next(), 4);
          break;
        case 2:
          code_.put({rex & ~4u, 0xc1, 0xc0 | (to & 7) | 4 << 3, static_cast<unsigned>(chance_.below(64))});
          break;
        case 3:
          code_.put({(rex & ~1u) | 1, operation | 1, (from & 7) << 3 | 0x84, 0x24}), displacement();
          break;
        case 4:
          code_.put({(rex & ~1u) | 1, operation | 3, (from & 7) << 3 | 0x84, 0x24}), displacement();
          break;
        case 5:
          code_.put({rex, 0x0f, 0x40 | static_cast<unsigned>(chance_.below(16)), modrm});
          break;
        default:
          code_.put({rex, 0x87, modrm});
          break;
      }
    }
  }
  void displacement() { code_.little(chance_.below(0x680), 4); }

  void loop() {
    repeats_ = 2 + chance_.below(4);
    code_.mov32(r13, repeats_);
    const u64 top = code_.here();
    const bool modifies = chance_.one_in(2);
    const u64 slot = code_.here();
    if (modifies) put_slot();
    for (u64 count = 1 + chance_.below(3); count > 0; --count) piece();
    if (modifies && chance_.one_in(2)) {  // behind: a constant that the counter gives
      put_store(Store::counter, slot);
    } else if (modifies) {
      put_store(chance_.one_in(2) ? Store::whole : Store::byte, slot);
    }
    pay(6);
    code_.put({0x41, 0xff, 0xcd, 0x0f, 0x85}), code_.relative(top);  // DEC R13D; JNZ
    repeats_ = 1;
  }

  void short_loop() {  // LOOP, LOOPE, LOOPNE, and JRCXZ over it
    const u64 count = chance_.below(5);
    code_.mov32(rcx, count);
    code_.put({0xe3, 9});
    code_.put({0x48, 0x01, 0xd3, 0x41, 0xff, 0xc0, 0x90, 0xe0 | static_cast<unsigned>(chance_.below(3)), 0xf7});
    pay(2 + 4 * count);
  }

  void call() {
    code_.put({0xe9});
    const std::size_t over = code_.open();
    const u64 target = code_.here();
    alu();
    code_.put({0xc3});
    code_.close(over);
    if (chance_.one_in(2))
      code_.put({0xe8}), code_.relative(target);
    else
      code_.mov(rax, target), code_.put({0xff, 0xd0});
    pay(6);
  }

  void indirect_jump() {
    const bool through_memory = chance_.one_in(2);
    code_.put({0x48, 0xb8});
    const std::size_t hole = code_.size();
    code_.little(0, 8);
    if (through_memory)
      code_.put({0x49, 0x89, 0x44, 0x24, 0x08, 0x41, 0xff, 0x64, 0x24, 0x08});
    else
      code_.put({0xff, 0xe0});
    for (u64 i = chance_.below(12); i > 0; --i) code_.little(chance_.next(), 1);
    code_.poke(hole, code_.here(), 8);
    pay(4);
  }

  void branch_over() {
    code_.put({0x48, 0x85, 0xdb, 0x0f, 0x80 | static_cast<unsigned>(chance_.below(16))});
    const std::size_t over = code_.open();
    alu();
    code_.close(over);
    pay(2);
  }

  // RIP-relative operands, next to the code that uses them.
  void data_in_code() {
    code_.put({0xeb, 8});
    const u64 data = code_.here();
    code_.little(chance_.next(), 8);
    code_.put({0x48, 0x8b, 0x05}), code_.relative(data);
    code_.put({0x48, 0x8d, 0x15}), code_.relative(data);
    code_.put({0x48, 0x81, 0x05}), code_.relative(data, 4), code_.little(chance_.next(), 4);
    code_.put({0xff, 0x35}), code_.relative(data);
    code_.put({0x8f, 0x05}), code_.relative(data);
    pay(6);
  }

  void switch_stack() {
    code_.put({0x48, 0x89, 0xe3});
    code_.mov32(rsp, at::other_stack + 0x400 + 8 * chance_.below(64));
    code_.put({0x50, 0x53, 0x5c});  // PUSH RAX; PUSH RBX; POP RSP
    pay(5);
  }

  void strings() {
    code_.mov32(rdi, at::data + chance_.below(0x400)), code_.mov32(rsi, at::data + chance_.below(0x400));
    code_.mov32(rcx, chance_.below(40));
    code_.put(
        {chance_.one_in(8) ? 0xf8u : 0xfcu, chance_.one_in(4) ? 0xf2u : 0xf3u, chance_.one_in(2) ? 0xa4u : 0xaau});
    pay(5);
  }

  // On to a place near the end of the page, so that instructions and blocks lie across it.
  void leave_page() {
    if (chance_.one_in(2)) return alu();
    code_.put({0xe9});
    const std::size_t over = code_.open();
    const u64 stop = page_bytes - 1 - chance_.below(24);
    while (code_.here() % page_bytes != stop) code_.put({0xcc});
    code_.close(over);
    alu();
  }

  // ---- code that changes code --------------------------------------------------------------------------------------
  enum class Store : u8 { byte, word, whole, counter, nops };

  // Eight bytes that one store may replace by eight others, of very different kinds.
  u64 slot_bytes() {
    static constexpr u64 slots[] = {0x909011223344ba41,   // MOV R10D, imm32
                                    0x909090909090589c,   // PUSHF; POP RAX
                                    0x909090909090310f,   // RDTSC
                                    0x90909090909006eb,   // JMP over the rest
                                    0x90909090d88c9090,   // MOV EAX, DS
                                    0x9090e0010f909090,   // SMSW EAX
                                    0x90d8200f90909090,   // MOV RAX, CR3
                                    0x9090c2ff48c3ff48};  // INC RBX; INC RDX
    return chance_.of(slots);
  }
  void put_slot() {
    code_.put({0x41, 0xba}), code_.little(chance_.next(), 4), code_.put({0x90, 0x90});
    pay(8);
  }
  // To the slot, through its own linear page or through another one of the same frame.
  void put_store(Store store, u64 slot) {
    const bool alias = chance_.one_in(4);
    u64 address = slot + (store == Store::byte ? 2 + chance_.below(4) : store == Store::whole ? 0 : 2);
    if (store == Store::nops) address = slot;
    if (alias) address = (address - code_.base()) + at::code;
    code_.mov(rdi, address);
    pay(6);
    switch (store) {
      case Store::byte:
        code_.put({0xc6, 0x07}), code_.little(chance_.next() & 0x7f, 1);
        break;
      case Store::word:
        code_.put({0xc7, 0x07}), code_.little(chance_.next(), 4);
        break;
      case Store::whole:
        code_.mov(rax, slot_bytes()), code_.put({0x48, 0x89, 0x07});
        break;
      case Store::counter:
        code_.put({0x44, 0x01, 0x2f});
        break;  // ADD [RDI], R13D
      case Store::nops:
        code_.mov32(rcx, 8), code_.mov32(rax, 0x90), code_.put({0xfc, 0xf3, 0xaa});
        break;
    }
  }
  // A slot meets either stores to its constant or stores of whole instructions: mixed, they would make nonsense.
  Store store_for(bool whole) {
    if (whole) return chance_.one_in(3) ? Store::nops : Store::whole;
    return chance_.one_in(2) ? Store::byte : Store::word;
  }
  // What comes next, in the same block and page or just behind it.
  void modify_ahead() {
    const Store store = store_for(chance_.one_in(2));
    const KernelCode before = code_;
    const Chance same = chance_;
    put_store(store, 0);  // to know its length
    const u64 length = code_.size() - before.size();
    code_ = before, chance_ = same;
    const u64 between = code_.here() % 3;
    put_store(store, code_.here() + length + between);
    for (u64 i = 0; i < between; ++i) code_.put({0x90});
    put_slot();
  }
  // A function that has been called, and so is translated and chained to.
  void modify_call() {
    code_.put({0xe9});
    const std::size_t over = code_.open();
    const bool whole = chance_.one_in(2);
    const u64 slot = code_.here();
    put_slot();
    code_.put({0xc3});
    code_.close(over);
    code_.put({0xe8}), code_.relative(slot);
    for (u64 count = 1 + chance_.below(2); count > 0; --count) {
      put_store(store_for(whole), slot);
      code_.put({0xe8}), code_.relative(slot);
      pay(12);
    }
  }

  // Both 8259A, and counter 0 in mode 2: an interrupt about every 1,700 instructions where IF is set.
  void start_timer() {
    static constexpr u8 words[][2] = {{0x20, 0x11}, {0x21, 0x20}, {0x21, 4}, {0x21, 1}, {0x21, 0},
                                      {0xa0, 0x11}, {0xa1, 0x28}, {0xa1, 2}, {0xa1, 1}, {0xa1, 0},
                                      {0x43, 0x34}, {0x40, 2},    {0x40, 0}};
    for (const auto& word : words) code_.put({0xb0, word[1], 0xe6, word[0]});
    code_.put({0xfb});
  }

  Chance chance_;
  KernelCode code_;
  u64 spent_ = 0, repeats_ = 1;
};

}  // namespace

std::vector<u8> random_program(u64 seed, u64 linear, Timer timer) { return Program(seed, linear).run(timer); }

}  // namespace trapline::whole
