// What the host lends us and wants back: file descriptors and mappings; and its refusals as one sentence.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <sys/ioctl.h>
#include <utility>

#include "base/integers.h"
#include "base/result.h"

namespace trapline::kvm {

// Owns a descriptor; closed at the end.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor();
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }

  bool valid() const { return number_ >= 0; }
  int number() const { return number_; }

  // ioctl(2) with the same answer: -1 and errno on refusal.
  int control(unsigned long request, void* argument) const { return ::ioctl(number_, request, argument); }
  int control(unsigned long request, unsigned long argument = 0) const { return ::ioctl(number_, request, argument); }

 private:
  int number_ = -1;
};

// Owns a mapping of a descriptor from its start.
class Mapping {
 public:
  Mapping() = default;
  Mapping(const Descriptor& file, std::size_t bytes);  // valid() tells; errno says why not
  ~Mapping();
  Mapping(Mapping&& other) noexcept : start_(std::exchange(other.start_, nullptr)), bytes_(other.bytes_) {}
  Mapping& operator=(Mapping&& other) noexcept {
    std::swap(start_, other.start_);
    std::swap(bytes_, other.bytes_);
    return *this;
  }

  bool valid() const { return start_ != nullptr; }
  void* start() const { return start_; }
  std::size_t bytes() const { return bytes_; }

 private:
  void* start_ = nullptr;
  std::size_t bytes_ = 0;
};

// "KVM refused WHAT: errno's words." as an Error of kind unavailable.
Error refused(std::string_view what, int error_number);

}  // namespace trapline::kvm
