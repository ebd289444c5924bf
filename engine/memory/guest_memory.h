// Guest-physical memory: the one checked door to a guest's bytes, used by loaders, devices and views.
//
// It maps guest-physical pages to frames of HostMemory. On soft the frames are scattered (GPA is visibly not HPA); on
// kvm frame n of the process's own mapping holds page n, and the true HPA is asked of the host.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "memory/host_memory.h"

namespace trapline::memory {

class GuestMemory {
 public:
  // `frames[n]` is the host frame of guest-physical page n.
  GuestMemory(HostMemory& host, std::vector<u64> frames);

  u64 bytes() const { return frames_.size() * page_bytes; }
  bool contains(Gpa address, u64 size) const { return address.value < bytes() && size <= bytes() - address.value; }
  std::optional<Hpa> host_address(Gpa address) const;
  Gpa guest_page_of_frame(u64 frame) const;  // unknown() where the frame is not the guest's

  // Any length, across pages. False, and nothing done, where any byte lies outside.
  bool read(Gpa address, std::span<std::byte> into) const;
  bool write(Gpa address, std::span<const std::byte> from, trace::Writer writer = trace::Writer::monitor);
  template <typename Value>
  std::optional<Value> load(Gpa address) const {
    Value value;
    if (!read(address, std::as_writable_bytes(std::span(&value, 1)))) return std::nullopt;
    return value;
  }
  template <typename Value>
  bool store(Gpa address, const Value& value, trace::Writer writer = trace::Writer::monitor) {
    return write(address, std::as_bytes(std::span(&value, 1)), writer);
  }

  HostMemory& host() { return host_; }
  const HostMemory& host() const { return host_; }

 private:
  HostMemory& host_;
  std::vector<u64> frames_;
  std::vector<u64> pages_of_frames_;
};

// Frames for `pages` guest pages, scattered over [first_frame, first_frame + count) by a seeded permutation. No page
// gets the frame of its own number (unless there is but one frame to have).
std::vector<u64> scattered_frames(u64 pages, u64 first_frame, u64 count, u64 seed);
// Frame n for page n: a guest's memory as the kvm metal's process holds it.
std::vector<u64> identity_frames(u64 pages);

}  // namespace trapline::memory
