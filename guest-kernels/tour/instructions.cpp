// CPUID, and the instructions that are sensitive without being privileged: they answer at any privilege level, and the
// answer tells where the kernel really runs. All of it may differ between lanes; that is the lesson.
#include "../common/arch.h"
#include "../common/marks.h"
#include "../common/text.h"
#include "tour.h"

namespace tour {
namespace {

struct [[gnu::packed]] Pointer {
  u16 limit;
  u64 base;
};

void report_tables() {
  Pointer gdt, idt;
  asm volatile("sgdt %0" : "=m"(gdt));
  asm volatile("sidt %0" : "=m"(idt));
  Line line;
  line.text("lane: sgdt ").hex64(gdt.base).text(" ").hex16(gdt.limit);
  line.text(" sidt ").hex64(idt.base).text(" ").hex16(idt.limit).print();
}

void report_selectors() {
  u64 ldt, task, status, code, stack;
  asm volatile("sldt %0" : "=r"(ldt));
  asm volatile("str %0" : "=r"(task));
  asm volatile("smsw %0" : "=r"(status));
  asm volatile("mov %%cs, %0" : "=r"(code));
  asm volatile("mov %%ss, %0" : "=r"(stack));
  Line line;
  line.text("lane: sldt ").hex16(ldt).text(" str ").hex16(task).text(" smsw ").hex16(status);
  line.text(" cs ").hex16(code).text(" ss ").hex16(stack).print();
}

// POPF drops what the privilege level may not change without a fault: IF tells.
void report_flags() {
  u64 before, after;
  asm volatile(
      "pushfq\n\t"
      "pushfq\n\t"
      "pop %0\n\t"
      "mov %0, %1\n\t"
      "or $0x3000, %1\n\t"
      "push %1\n\t"
      "popfq\n\t"
      "pushfq\n\t"
      "pop %1\n\t"
      "popfq"
      : "=&r"(before), "=&r"(after)
      :
      : "cc", "memory");
  Line().text("lane: pushf ").hex16(before & 0x3200).text(" after popf of iopl 3 ").hex16(after & 0x3200).print();
}

}  // namespace

void report_cpuid() {
  const Marked marked(Action::cpuid);
  const arch::Cpuid name = arch::cpuid(0, 0);
  const u32 letters[] = {name.ebx, name.edx, name.ecx};
  Line line;
  line.text("lane: cpuid ")
      .bytes(name.ebx == 0 ? "nothing said" : reinterpret_cast<const char*>(letters), sizeof letters);
  line.text(" leaves ").hex32(name.eax).print();
  const arch::Cpuid features = arch::cpuid(1, 0);
  Line().text("lane: cpuid 1 ").hex32(features.eax).text(" ").hex32(features.ecx).text(" ").hex32(features.edx).print();
}

void report_sensitive_instructions() {
  const Marked marked(Action::sensitive);
  report_tables();
  report_selectors();
  report_flags();
}

}  // namespace tour
