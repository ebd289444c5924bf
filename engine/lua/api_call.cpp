// A decision that the monitor asks a script for: what it knows, and what may be done.
#include <lua.h>

#include "base/hex.h"
#include "lua/script_handlers.h"
#include "spec/words.h"

namespace trapline::lua {

metal::HandledGuest* CallObject::guest(lua_State* state) {
  if (!call_) return nullptr;
  handlers_->note_line(state);
  return &call_->guest;
}

namespace {

const char over[] = "this call is over: its handler has returned";

class CallRegisters : public Registers {
 public:
  CallRegisters(std::shared_ptr<CallObject> call, lua_State* state) : call_(std::move(call)), state_(state) {}
  std::optional<u64> get(unsigned number) override {
    metal::HandledGuest* const guest = call_->guest(state_);
    if (!guest) return std::nullopt;
    return guest->get(number);
  }
  Result<> set(unsigned number, u64 value) override {
    metal::HandledGuest* const guest = call_->guest(state_);
    if (!guest) return usage_error(over);
    if (guest->set(number, value)) return {};
    return usage_error("register " + std::string(metal::name_of_register(number)) +
                       " cannot be set at this point; a control register's VMCS field can be, by vmwrite");
  }

 private:
  std::shared_ptr<CallObject> call_;
  lua_State* state_;
};

Result<metal::HandledGuest*> guest_of(Invocation& call) {
  metal::HandledGuest* const guest = call.self<CallObject>().guest(call.state());
  if (!guest) return usage_error(over);
  return guest;
}

Error refused(const std::string& what) { return usage_error(what + " cannot be had at this point"); }

// ---- memory --------------------------------------------------------------------------------------------------------
enum class Space : u8 { linear, physical };

bool read_guest(metal::HandledGuest& guest, Space space, u64 address, std::span<std::byte> into) {
  return space == Space::linear ? guest.read(Gva(address), into) : guest.read_physical(Gpa(address), into);
}
bool write_guest(metal::HandledGuest& guest, Space space, u64 address, std::span<const std::byte> from) {
  return space == Space::linear ? guest.write(Gva(address), from) : guest.write_physical(Gpa(address), from);
}
Error no_memory(Space space, u64 address) {
  return usage_error(std::string(space == Space::linear
                                     ? "the guest's tables map no memory at "
                                     : "the guest has no physical memory, or none to be had here, at ") +
                     hex_number(address));
}

template <Space space>
Result<> read(Invocation& call) {
  const auto guest = guest_of(call);
  if (!guest) return guest.error();
  const u64 address = call.unsigned_integer(0), bytes = call.unsigned_integer(1);
  if (bytes == 0 || bytes > most_bytes_at_once) return usage_error("from 1 byte to 1 MiB can be read at once");
  std::string text(bytes, '\0');
  call.charge(bytes / 16);
  if (!read_guest(**guest, space, address, std::as_writable_bytes(std::span(text)))) return no_memory(space, address);
  call.give(text);
  return {};
}

template <Space space>
Result<> write(Invocation& call) {
  const auto guest = guest_of(call);
  if (!guest) return guest.error();
  const std::string_view text = call.text(1);
  if (text.empty()) return {};
  call.charge(text.size() / 16);
  if (!write_guest(**guest, space, call.unsigned_integer(0), std::as_bytes(std::span(text))))
    return no_memory(space, call.unsigned_integer(0));
  return {};
}

template <Space space>
Result<> read64(Invocation& call) {
  const auto guest = guest_of(call);
  if (!guest) return guest.error();
  u64 value = 0;
  if (!read_guest(**guest, space, call.unsigned_integer(0), std::as_writable_bytes(std::span(&value, 1))))
    return no_memory(space, call.unsigned_integer(0));
  call.give(value);
  return {};
}

template <Space space>
Result<> write64(Invocation& call) {
  const auto guest = guest_of(call);
  if (!guest) return guest.error();
  const u64 value = call.unsigned_integer(1);
  if (!write_guest(**guest, space, call.unsigned_integer(0), std::as_bytes(std::span(&value, 1))))
    return no_memory(space, call.unsigned_integer(0));
  return {};
}

// ---- control -------------------------------------------------------------------------------------------------------
Result<> skip(Invocation& call) {
  const auto guest = guest_of(call);
  if (!guest) return guest.error();
  return (*guest)->skip() ? Result<>() : refused("skip()");
}

Result<> fault(Invocation& call) {
  const auto guest = guest_of(call);
  if (!guest) return guest.error();
  const u64 vector = call.unsigned_integer(0);
  if (vector > 31) return usage_error("an exception's vector is from 0 to 31");
  arch::Fault fault;
  fault.vector = static_cast<u8>(vector);
  fault.has_error_code = call.given(1);
  fault.error_code = static_cast<u32>(call.integer_or(1, 0));
  fault.cr2 = static_cast<u64>(call.integer_or(2, 0));
  return (*guest)->fault(fault) ? Result<>() : refused("fault()");
}

Result<u32> field_named(std::string_view name) {
  for (const spec::Word& word : spec::vmcs_fields())
    if (word.name == name) return static_cast<u32>(word.value);
  return usage_error("there is no VMCS field " + std::string(name) + "; trapline.spec(\"vmcs_fields\") lists them");
}

Result<> vmread(Invocation& call) {
  const auto guest = guest_of(call);
  if (!guest) return guest.error();
  const auto field = field_named(call.text(0));
  if (!field) return field.error();
  const auto value = (*guest)->vmread(*field);
  if (!value) return refused("vmread()");
  call.give(*value);
  return {};
}

Result<> vmwrite(Invocation& call) {
  const auto guest = guest_of(call);
  if (!guest) return guest.error();
  const auto field = field_named(call.text(0));
  if (!field) return field.error();
  return (*guest)->vmwrite(*field, call.unsigned_integer(1)) ? Result<>() : refused("vmwrite()");
}

Result<> map(Invocation& call) {
  const auto guest = guest_of(call);
  if (!guest) return guest.error();
  unsigned rights = 7;
  if (call.given(1)) {
    const Value options = call.value(1);
    const auto allowed = [&](std::string_view name) {
      const Value& given = (*options.table())[name];
      return given.is_nil() || (given.boolean() && *given.boolean());
    };
    rights = (allowed("read") ? 1 : 0) | (allowed("write") ? 2 : 0) | (allowed("execute") ? 4 : 0);
  }
  if ((*guest)->map(Gpa(call.unsigned_integer(0)), rights)) return {};
  return usage_error("guest-physical page " + hex_number(call.unsigned_integer(0)) +
                     " cannot be mapped: it is not the guest's memory, or this point has no EPT");
}

// ---- fields --------------------------------------------------------------------------------------------------------
Result<> registers(Invocation& call) {
  call.give(std::shared_ptr<Registers>(std::make_shared<CallRegisters>(call.self_pointer<CallObject>(), call.state())));
  return {};
}

Result<> point(Invocation& call) {
  const metal::HandlerCall* const decision = call.self<CallObject>().call();
  if (!decision) return usage_error(over);
  call.give(trace::name_of(decision->point));
  return {};
}

Result<> no_result(Invocation& call) {
  call.give_nil();
  return {};
}

Result<> give_result(Invocation& call) {
  const auto guest = guest_of(call);
  if (!guest) return guest.error();
  return (*guest)->give(call.unsigned_integer(0)) ? Result<>() : refused("a result");
}

Result<> field(Invocation& call) {
  const metal::HandlerCall* const decision = call.self<CallObject>().call();
  if (!decision) return usage_error(over);
  std::string known;
  for (const metal::HandlerField& each : decision->fields) {
    if (each.name == call.text(0)) {
      if (each.is_flag)
        call.give(each.value != 0);
      else
        each.word.empty() ? call.give(each.value) : call.give(each.word);
      return {};
    }
    known += ", " + std::string(each.name);
  }
  return usage_error("a call at " + std::string(trace::name_of(decision->point)) + " has no " +
                     std::string(call.text(0)) + "; it has point, registers" + known);
}

}  // namespace

const ClassRow& CallObject::lua_class() {
  const std::vector<Parameter> address = {{"address", "integer", "where"}};
  const std::vector<Parameter> address_and_count = {address[0], {"bytes", "integer", "how many"}};
  const std::vector<Parameter> address_and_bytes = {address[0], {"bytes", "string", "what to store"}};
  const std::vector<Parameter> address_and_value = {address[0], {"value", "integer", "what to store"}};
  static const ClassRow row = {
      "Call",
      "A decision that the monitor asks a handler for. The handler returns true where it has taken it.",
      {{"point", "string", "which decision", point},
       {"registers", "Registers", "the guest's registers", registers},
       {"result", "integer", "assign what a hypercall or a port read gives", no_result, give_result}},
      {{"read", address_and_count, "string", "Bytes at a linear address of the guest.", read<Space::linear>},
       {"write", address_and_bytes, "", "Stores bytes at a linear address.", write<Space::linear>},
       {"read64", address, "integer", "Eight bytes at a linear address.", read64<Space::linear>},
       {"write64", address_and_value, "", "Stores eight bytes at a linear address.", write64<Space::linear>},
       {"read_physical", address_and_count, "string", "Bytes at a guest-physical address.", read<Space::physical>},
       {"write_physical", address_and_bytes, "", "Stores bytes at a guest-physical address.", write<Space::physical>},
       {"read64_physical", address, "integer", "Eight bytes at a guest-physical address.", read64<Space::physical>},
       {"write64_physical", address_and_value, "", "Stores eight bytes at a guest-physical address.",
        write64<Space::physical>},
       {"skip", {}, "", "Goes past the instruction at hand, which then counts as retired.", skip},
       {"fault",
        {{"vector", "integer", "0 to 31"},
         {"error_code", "integer?", "where the exception has one"},
         {"address", "integer?", "of a page fault"}},
        "",
        "Raises an exception for the guest.",
        fault},
       {"vmread", {{"field", "string", "name of a VMCS field"}}, "integer", "A field of the VMCS.", vmread},
       {"vmwrite",
        {{"field", "string", "name of a VMCS field"}, {"value", "integer", "what to store"}},
        "",
        "Writes a field of the VMCS.",
        vmwrite},
       {"map",
        {{"gpa", "integer", "a guest-physical page"}, {"rights", "table?", "read, write, execute: true unless false"}},
        "",
        "Maps a page of 4 KiB in the EPT to the frame that holds it.",
        map}},
      field,
      nullptr,
      nullptr,
      "[string] any what the monitor knows at this point, such as reason, vector, gpa, port"};
  return row;
}

}  // namespace trapline::lua
