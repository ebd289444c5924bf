// A thin face over OpenSSL's libcrypto, which uses the host's SHA instructions where it has them.
#include "base/sha256.h"

#include <cassert>
#include <openssl/evp.h>

namespace trapline {

struct Sha256::Context {
  EVP_MD_CTX* state = EVP_MD_CTX_new();
  ~Context() { EVP_MD_CTX_free(state); }
};

Sha256::Sha256() : context_(std::make_unique<Context>()) {
  [[maybe_unused]] const int ok = EVP_DigestInit_ex(context_->state, EVP_sha256(), nullptr);
  assert(ok == 1);
}
Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;

void Sha256::add(std::span<const std::byte> bytes) { EVP_DigestUpdate(context_->state, bytes.data(), bytes.size()); }

void Sha256::add(std::string_view text) { add(std::as_bytes(std::span(text))); }

std::array<u8, 32> Sha256::sum() const {
  Context copy;  // finishing a sum spoils it, so a copy is finished
  EVP_MD_CTX_copy_ex(copy.state, context_->state);
  std::array<u8, 32> result{};
  EVP_DigestFinal_ex(copy.state, result.data(), nullptr);
  return result;
}

std::string Sha256::hex() const {
  static constexpr char digits[] = "0123456789abcdef";
  std::string text;
  for (const u8 byte : sum()) {
    text += digits[byte >> 4];
    text += digits[byte & 15];
  }
  return text;
}

std::string sha256_hex(std::span<const std::byte> bytes) {
  Sha256 sum;
  sum.add(bytes);
  return sum.hex();
}

}  // namespace trapline
