// Port I/O: the exit qualification says everything about IN and OUT; the string forms move guest memory as well.
#include <algorithm>

#include "soft/kernel_half.h"

namespace trapline::soft {

namespace {

// Exit qualification for I/O instructions (SDM vol. 3, "Exit Qualification for I/O Instructions").
struct PortAccess {
  unsigned size;
  bool is_read, is_string, is_repeated;
  u16 port;

  explicit PortAccess(u64 qualification)
      : size(static_cast<unsigned>(bits(qualification, 2, 0)) + 1),
        is_read(has_bit(qualification, 3)),
        is_string(has_bit(qualification, 4)),
        is_repeated(has_bit(qualification, 5)),
        port(static_cast<u16>(bits(qualification, 31, 16))) {}
};

}  // namespace

KernelHalf::Next KernelHalf::on_io() {
  const u64 qualification = read(Field::exit_qualification);
  const PortAccess access(qualification);
  if (access.is_string) return string_io(qualification);

  io_data_.assign(access.size, std::byte{0});
  to_user(trace::UserExitReason::port_io);
  user_exit_.io = {access.port, access.size, 1, !access.is_read, io_data_.data()};
  if (access.is_read) {
    pending_read_ = {};
    pending_read_.kind = PendingRead::Kind::port;
    pending_read_.gpr = arch::rax;
    pending_read_.bytes = pending_read_.register_bytes = access.size;
  } else {
    const u64 value = gpr(arch::rax);
    std::memcpy(io_data_.data(), &value, access.size);
    skip_instruction();
  }
  return Next::to_user;
}

// INS and OUTS: as many units at once as lie in one page, as KVM does; the rest exits again. Counts and addresses are
// 64-bit or cut by the address size, which the instruction information tells.
KernelHalf::Next KernelHalf::string_io(u64 qualification) {
  const PortAccess access(qualification);
  const u64 information = read(Field::vm_exit_instruction_information);
  const unsigned address_bytes = bits(information, 9, 7) == 2 ? 8 : 4;
  const u64 address_mask = low_bytes_mask(address_bytes);
  const Gva linear(read(Field::guest_linear_address));
  const bool down = read(Field::guest_rflags) & arch::flag::df;

  u64 count = 1;
  if (access.is_repeated) {
    count = gpr(arch::rcx) & address_mask;
    const u64 room = down ? 1 : std::max<u64>(1, (page_bytes - linear.page_offset()) / access.size);
    count = std::min(count, room);
  }
  io_data_.assign(count * access.size, std::byte{0});
  const arch::CpuState state = guest_state();
  const auto fault =
      access.is_read ? linear_.probe_write(state, linear, io_data_.size()) : linear_.read(state, linear, io_data_);
  if (fault) {
    inject_fault(*fault);
    return Next::resume;
  }
  to_user(trace::UserExitReason::port_io);
  user_exit_.io = {access.port, access.size, static_cast<unsigned>(count), !access.is_read, io_data_.data()};
  if (access.is_read) {
    pending_read_ = {};
    pending_read_.kind = PendingRead::Kind::string;
    pending_read_.linear = linear;
  }

  const unsigned pointer = access.is_read ? arch::rdi : arch::rsi;
  const u64 distance = down ? 0 - count * access.size : count * access.size;
  set_gpr_part(pointer, address_bytes, gpr(pointer) + distance);
  u64 left = 0;
  if (access.is_repeated) {
    left = (gpr(arch::rcx) & address_mask) - count;
    set_gpr_part(arch::rcx, address_bytes, left);
  }
  if (left == 0) skip_instruction();
  return count > 0 ? Next::to_user : Next::resume;
}

void KernelHalf::finish_read() {
  const PendingRead pending = pending_read_;
  pending_read_ = {};
  switch (pending.kind) {
    case PendingRead::Kind::none:
      return;
    case PendingRead::Kind::string: {
      // Probed before; only the guest could have changed its tables since, and it did not run.
      static_cast<void>(linear_.write(guest_state(), pending.linear, io_data_));
      return;
    }
    case PendingRead::Kind::port:
    case PendingRead::Kind::mmio: {
      u64 value = 0;
      std::memcpy(&value, io_data_.data(), pending.bytes);
      if (pending.sign_extend) value = sign_extend(value, 8 * pending.bytes);
      set_gpr_part(pending.gpr, pending.register_bytes, value);
      pending.length ? skip(pending.length) : skip_instruction();
      return;
    }
  }
}

}  // namespace trapline::soft
