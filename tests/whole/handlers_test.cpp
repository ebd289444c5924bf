// Decisions handed to a handler: each point is really asked in the run, what the handler does happens to the guest, the
// trace tells both with the handler's line, and a handler that declines changes nothing at all.
#include "metal/handlers.h"

#include <doctest/doctest.h>
#include <functional>
#include <map>

#include "whole/machine_code.h"

namespace trapline::whole {
namespace {

using metal::HandlerAnswer;
using metal::HandlerCall;
using metal::HandlerPoint;
using trace::Level;
using trace::Outcome;
using trace::Technique;

class TestHandlers : public metal::Handlers {
 public:
  using Function = std::function<HandlerAnswer(const HandlerCall&)>;
  std::map<HandlerPoint, Function> functions;
  std::map<HandlerPoint, unsigned> calls;
  u16 port = 0;

  bool has(HandlerPoint point) const override { return functions.contains(point); }
  bool has_port(u16 asked, HandlerPoint direction) const override { return asked == port && has(direction); }
  HandlerAnswer call(const HandlerCall& call) override {
    ++calls[call.point];
    return functions.at(call.point)(call);
  }
  u32 line_of(HandlerPoint point) const override { return 100 + static_cast<u32>(point); }
  u32 current_line() const override { return 7; }
  std::string why() const override { return "because"; }
};

u64 field(const HandlerCall& call, std::string_view name) {
  for (const auto& each : call.fields)
    if (each.name == name) return each.value;
  FAIL("no field " << name);
  return 0;
}
std::string word(const HandlerCall& call, std::string_view name) {
  for (const auto& each : call.fields)
    if (each.name == name) return each.word;
  return {};
}

HandlerAnswer decline(const HandlerCall&) { return HandlerAnswer::declined; }

u64 count(const Ran& ran, std::string_view kind) { return ran.trace().count_of(kind); }

// XOR EAX, EAX; CPUID; MOV EAX, EBX; OUT 0xf4, EAX
const Code tell_cpuid = {0x31, 0xc0, 0x0f, 0xa2, 0x89, 0xd8, 0xe7, 0xf4};

TEST_CASE("A VM exit that a handler takes is its own, and counts as retired") {
  const test::Folder folder;
  auto request = lane_of(tell_cpuid, folder, Level::exits);
  const Ran plain(request);
  TestHandlers handlers;
  handlers.functions[HandlerPoint::vm_exit] = [](const HandlerCall& call) {
    if (word(call, "reason") != "CPUID") return HandlerAnswer::declined;
    CHECK(field(call, "instruction_length") == 2);
    CHECK(call.guest.set(arch::rbx, 0x77));
    CHECK(call.guest.skip());
    return HandlerAnswer::handled;
  };
  request.handlers = &handlers;
  const Ran ran(request);
  CHECK(ran.result().outcome == Outcome::finished);
  CHECK(ran.result().exit_code == 0x77);
  CHECK(ran.result().retired == plain.result().retired);
  CHECK(count(ran, "cpuid") == 0);
  CHECK(count(ran, "handler_call") == handlers.calls[HandlerPoint::vm_exit]);
  REQUIRE(count(ran, "handler_action") == 2);
  const auto action = ran.trace().at(*ran.trace().nth("handler_action", 1))->as<trace::HandlerAction>();
  CHECK(action->target == arch::rbx);
  CHECK(action->value == 0x77);
  CHECK(action->line == 7);
  const auto skip = ran.trace().at(*ran.trace().nth("handler_action", 2))->as<trace::HandlerAction>();
  CHECK(skip->target == code_base + 2);
  CHECK(skip->value == code_base + 4);
}

TEST_CASE("VMCS fields can be read and written, and unknown ones cannot") {
  const test::Folder folder;
  auto request = lane_of(tell_cpuid, folder, Level::exits);
  TestHandlers handlers;
  handlers.functions[HandlerPoint::vm_exit] = [](const HandlerCall& call) {
    if (word(call, "reason") != "CPUID") return HandlerAnswer::declined;
    constexpr u32 guest_rip = 0x681e;
    CHECK(call.guest.vmread(guest_rip) == code_base + 2);
    CHECK_FALSE(call.guest.vmread(0x7fff).has_value());
    CHECK_FALSE(call.guest.vmwrite(0x7fff, 0));
    CHECK_FALSE(call.guest.set(metal::cr0, 0));
    CHECK(call.guest.vmwrite(guest_rip, code_base + 4));
    CHECK(call.guest.get(metal::rip) == code_base + 4);
    CHECK(call.guest.set(arch::rbx, 5));
    return HandlerAnswer::handled;
  };
  request.handlers = &handlers;
  CHECK(Ran(request).result().exit_code == 5);
}

TEST_CASE("A handler of EPT violations decides what is mapped, and with which rights") {
  const test::Folder folder;
  // MOV [0x200000], EAX twice: once to read-only memory.
  const Code code = Code{0xb8} + little(9, 4) + Code{0xa3} + little(0x200000, 8) + leave_with(0);
  auto request = lane_of(code, folder, Level::mmu);
  TestHandlers handlers;
  unsigned writes = 0;
  handlers.functions[HandlerPoint::ept_violation] = [&](const HandlerCall& call) {
    const Gpa page = Gpa(field(call, "gpa")).page();
    const bool data = page.value == 0x200000;
    const bool write = word(call, "access") == "write";
    writes += data && write;
    // The first write finds nothing, the second read-only memory, the third goes through.
    CHECK(call.guest.map(page, data && writes == 1 ? 1 : 7));
    CHECK_FALSE(call.guest.map(Gpa(1ULL << 40), 7));
    return HandlerAnswer::handled;
  };
  request.handlers = &handlers;
  const Ran ran(request);
  CHECK(ran.result().outcome == Outcome::finished);
  CHECK(writes == 2);
}

TEST_CASE("A page that a handler makes writable and not readable is a misconfiguration, said by name") {
  const test::Folder folder;
  auto request = lane_of(tell_cpuid, folder, Level::exits);
  TestHandlers handlers;
  handlers.functions[HandlerPoint::ept_violation] = [](const HandlerCall& call) {
    CHECK(call.guest.map(Gpa(field(call, "gpa")).page(), 2));
    return HandlerAnswer::handled;
  };
  request.handlers = &handlers;
  const Ran ran(request);
  CHECK(ran.result().outcome == Outcome::handler_failed);
  CHECK(ran.result().sentence.find("misconfigured") != std::string::npos);
}

TEST_CASE("A trap handler is the whole of trap and emulate") {
  const test::Folder folder;
  // CLI; MOV EAX, 3; OUT 0xf4, EAX
  const Code code = Code{0xfa} + leave_with(3);
  auto request = lane_of(code, folder, Level::exits);
  request.technique = Technique::full;
  request.full.translation = false;
  TestHandlers handlers;
  handlers.functions[HandlerPoint::trap] = [](const HandlerCall& call) {
    CHECK(field(call, "vector") == arch::vector::gp);
    if (word(call, "mnemonic") != "cli") return HandlerAnswer::declined;
    CHECK(field(call, "length") == 1);
    CHECK(field(call, "in_kernel") == 1);
    CHECK(call.guest.set(metal::rflags, call.guest.get(metal::rflags) & ~arch::flag::if_));
    CHECK(call.guest.skip());
    return HandlerAnswer::handled;
  };
  request.handlers = &handlers;
  const Ran ran(request);
  CHECK(ran.result().exit_code == 3);
  CHECK(handlers.calls[HandlerPoint::trap] == 2);
  CHECK(ran.result().retired == 3);
  CHECK(count(ran, "emulation") == 1);  // OUT alone
}

TEST_CASE("A fault that a handler raises goes through the guest's own IDT") {
  const test::Folder folder;
  auto request = lane_of(Code{0xfa} + leave_with(3), folder, Level::exits);
  request.technique = Technique::full;
  TestHandlers handlers;
  handlers.functions[HandlerPoint::trap] = [](const HandlerCall& call) {
    CHECK(call.guest.fault(arch::fault(arch::vector::ud)));
    return HandlerAnswer::handled;
  };
  request.handlers = &handlers;
  const Ran ran(request);
  CHECK(ran.result().outcome == Outcome::triple_fault);  // it has no IDT
  CHECK(count(ran, "fault_reflected") == 1);
}

TEST_CASE("A handler that declines everything changes nothing") {
  for (const Technique technique : {Technique::full, Technique::para, Technique::hardware}) {
    auto request = lane_of(tour, technique);
    const Ran plain(request);
    TestHandlers handlers;
    for (unsigned point = 0; point <= static_cast<unsigned>(HandlerPoint::port_write); ++point)
      handlers.functions[static_cast<HandlerPoint>(point)] = decline;
    handlers.port = 0x3f8;
    request.handlers = &handlers;
    const Ran ran(request);
    CAPTURE(trace::name_of(technique));
    check_right(tour, ran);
    CHECK(ran.result().retired == plain.result().retired);
    CHECK(count(ran, "handler_call") > 100);
    CHECK(count(ran, "handler_action") == 0);
    // What a handler is told of a VM exit is read from the VMCS.
    CHECK(ran.trace().count() - count(ran, "handler_call") - count(ran, "handler_return") - count(ran, "vmcs_read") ==
          plain.trace().count() - count(plain, "vmcs_read"));
  }
}

TEST_CASE("A hypercall that a handler takes gets the handler's result") {
  auto request = lane_of(tour, Technique::para);
  TestHandlers handlers;
  handlers.functions[HandlerPoint::hypercall] = [](const HandlerCall& call) {
    if (word(call, "name") != "cpuid") return HandlerAnswer::declined;
    const u32 answer[4] = {0x12345678, 0, 0, 0};
    CHECK(call.guest.write(Gva(field(call, "third")), std::as_bytes(std::span(answer))));
    CHECK_FALSE(call.guest.write(Gva(0xfffffe0000001000), std::as_bytes(std::span(answer))));  // the clock page
    CHECK(call.guest.give(0));
    return HandlerAnswer::handled;
  };
  request.handlers = &handlers;
  const Ran ran(request);
  check_right(tour, ran);
  CHECK(ran.console().find("leaves 12345678") != std::string::npos);
}

TEST_CASE("Ports that a handler takes are its own device") {
  const test::Folder folder;
  // MOV DX, 0x510; MOV AL, 0x21; OUT DX, AL; IN AL, DX; MOVZX EAX, AL; OUT 0xf4, EAX
  const Code code = {0x66, 0xba, 0x10, 0x05, 0xb0, 0x21, 0xee, 0xec, 0x0f, 0xb6, 0xc0, 0xe7, 0xf4};
  for (const Technique technique : {Technique::full, Technique::hardware}) {
    auto request = lane_of(code, folder, Level::exits);
    request.technique = technique;
    TestHandlers handlers;
    handlers.port = 0x510;
    u64 written = 0;
    handlers.functions[HandlerPoint::port_write] = [&](const HandlerCall& call) {
      written = field(call, "value");
      return HandlerAnswer::handled;
    };
    handlers.functions[HandlerPoint::port_read] = [&](const HandlerCall& call) {
      CHECK(call.guest.give(written + 1));
      return HandlerAnswer::handled;
    };
    request.handlers = &handlers;
    CHECK(Ran(request).result().exit_code == 0x22);
  }
}

TEST_CASE("A handler that fails ends the lane with its sentence") {
  for (const auto& [technique, point] :
       {std::pair(Technique::hardware, HandlerPoint::vm_exit), std::pair(Technique::full, HandlerPoint::trap),
        std::pair(Technique::full, HandlerPoint::shadow_fault), std::pair(Technique::para, HandlerPoint::hypercall),
        std::pair(Technique::hardware, HandlerPoint::port_write)}) {
    auto request = lane_of(tour, technique);
    TestHandlers handlers;
    handlers.port = 0x3f8;
    handlers.functions[point] = [](const HandlerCall&) { return HandlerAnswer::failed; };
    request.handlers = &handlers;
    const Ran ran(request);
    CHECK(ran.result().outcome == Outcome::handler_failed);
    CHECK(ran.result().sentence == "because");
    CHECK(ran.result().process_exit_code() == 1);
    CHECK(handlers.calls[point] == 1);
  }
}

}  // namespace
}  // namespace trapline::whole
