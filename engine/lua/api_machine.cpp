// The machine of a lane before its first instruction: trapline.run's `prepare` gets one.
#include <cstring>

#include "lua/guest_access.h"
#include "mmu/derived_walk.h"

namespace trapline::lua {
namespace {

const char over[] = "this machine is over: it can be used only inside the function that got it";

class MachineRegisters : public Registers {
 public:
  explicit MachineRegisters(std::shared_ptr<MachineObject> machine) : machine_(std::move(machine)) {}
  std::optional<u64> get(unsigned number) override {
    if (!machine_->state()) return std::nullopt;
    return *metal::register_in(*machine_->state(), number);
  }
  Result<> set(unsigned number, u64 value) override {
    if (!machine_->state()) return usage_error(over);
    *metal::register_in(*machine_->state(), number) = value;
    return {};
  }

 private:
  std::shared_ptr<MachineObject> machine_;
};

Result<memory::GuestMemory*> memory_of(Invocation& call) {
  metal::Machine* const machine = call.self<MachineObject>().machine();
  if (!machine) return usage_error(over);
  return &machine->memory();
}

Error outside(u64 address, u64 bytes, const memory::GuestMemory& memory) {
  char text[160];
  std::snprintf(text, sizeof text, "%llu bytes at guest-physical 0x%llx lie outside the machine's %llu MiB",
                static_cast<unsigned long long>(bytes), static_cast<unsigned long long>(address),
                static_cast<unsigned long long>(memory.bytes() >> 20));
  return usage_error(text);
}

Result<> read(Invocation& call) {
  const auto memory = memory_of(call);
  if (!memory) return memory.error();
  const u64 address = call.unsigned_integer(0), bytes = call.unsigned_integer(1);
  if (bytes > most_bytes_at_once) return usage_error("at most 1 MiB can be read at once");
  std::string text(bytes, '\0');
  call.charge(bytes / 16);
  if (!(*memory)->read(Gpa(address), std::as_writable_bytes(std::span(text)))) return outside(address, bytes, **memory);
  call.give(text);
  return {};
}

Result<> write(Invocation& call) {
  const auto memory = memory_of(call);
  if (!memory) return memory.error();
  const u64 address = call.unsigned_integer(0);
  const std::string_view text = call.text(1);
  call.charge(text.size() / 16);
  if (!(*memory)->write(Gpa(address), std::as_bytes(std::span(text)))) return outside(address, text.size(), **memory);
  return {};
}

template <typename Word>
Result<> read_word(Invocation& call) {
  const auto memory = memory_of(call);
  if (!memory) return memory.error();
  const u64 address = call.unsigned_integer(0);
  const auto value = (*memory)->load<Word>(Gpa(address));
  if (!value) return outside(address, sizeof(Word), **memory);
  call.give(static_cast<u64>(*value));
  return {};
}

template <typename Word>
Result<> write_word(Invocation& call) {
  const auto memory = memory_of(call);
  if (!memory) return memory.error();
  const u64 address = call.unsigned_integer(0);
  if (!(*memory)->store(Gpa(address), static_cast<Word>(call.unsigned_integer(1))))
    return outside(address, sizeof(Word), **memory);
  return {};
}

Result<> registers(Invocation& call) {
  call.give(std::shared_ptr<Registers>(std::make_shared<MachineRegisters>(call.self_pointer<MachineObject>())));
  return {};
}

Result<> memory_bytes(Invocation& call) {
  const auto memory = memory_of(call);
  if (!memory) return memory.error();
  call.give((*memory)->bytes());
  return {};
}

Result<> hpa(Invocation& call) {
  const auto memory = memory_of(call);
  if (!memory) return memory.error();
  const auto host = (*memory)->host_address(Gpa(call.unsigned_integer(0)));
  host ? call.give(host->value) : call.give_nil();
  return {};
}

// By the guest's own tables as they are now; on what the processor would do with them a trace tells more.
Result<> translate(Invocation& call) {
  MachineObject& machine = call.self<MachineObject>();
  if (!machine.machine()) return usage_error(over);
  mmu::GuestMemoryTables tables(machine.machine()->memory());
  const auto walk = mmu::derive_walk(tables, mmu::paging_state_of(*machine.state()), 52,
                                     {Gva(call.unsigned_integer(0)), arch::Access::read, mmu::Privilege::supervisor});
  walk.outcome == trace::WalkOutcome::translated ? call.give(walk.gpa.value) : call.give_nil();
  return {};
}

const std::vector<Parameter> at = {{"gpa", "integer", "guest-physical address"}};
const std::vector<Parameter> at_with_value = {{"gpa", "integer", "guest-physical address"},
                                              {"value", "integer", "what to store"}};

}  // namespace

const ClassRow& MachineObject::lua_class() {
  static const ClassRow row = {
      "Machine",
      "A lane's machine after its guest was loaded and before its first instruction.",
      {{"registers", "Registers", "the guest's registers", registers},
       {"memory_bytes", "integer", "size of guest-physical memory", memory_bytes}},
      {{"read", {at[0], {"bytes", "integer", "how many"}}, "string", "Bytes of guest-physical memory.", read},
       {"write", {at[0], {"bytes", "string", "what to store"}}, "", "Stores bytes into guest-physical memory.", write},
       {"read8", at, "integer", "One byte.", read_word<u8>},
       {"read16", at, "integer", "Two bytes, little endian.", read_word<u16>},
       {"read32", at, "integer", "Four bytes, little endian.", read_word<u32>},
       {"read64", at, "integer", "Eight bytes, little endian.", read_word<u64>},
       {"write8", at_with_value, "", "Stores one byte.", write_word<u8>},
       {"write16", at_with_value, "", "Stores two bytes.", write_word<u16>},
       {"write32", at_with_value, "", "Stores four bytes.", write_word<u32>},
       {"write64", at_with_value, "", "Stores eight bytes.", write_word<u64>},
       {"hpa", at, "integer?", "Where the byte lies in host-physical memory; nil outside the guest's.", hpa},
       {"translate",
        {{"gva", "integer", "linear address"}},
        "integer?",
        "The guest-physical address by the guest's own tables; nil where they give none.",
        translate}},
      nullptr,
      nullptr,
      nullptr,
      ""};
  return row;
}

}  // namespace trapline::lua
