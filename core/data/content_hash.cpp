#include "core/data/content_hash.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <array>
#include <cstdint>
#include <iterator>

#include "core/base/check.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace temper::data {
namespace {

std::string to_hex(std::span<const unsigned char> digest) {
  std::string text;
  for (const unsigned char byte : digest) {
    fmt::format_to(std::back_inserter(text), "{:02x}", byte);
  }
  return text;
}

class OpensslHash final : public ContentHash {
 public:
  explicit OpensslHash(const EVP_MD* kind) : context_(EVP_MD_CTX_new()) {
    CHECK(context_ && EVP_DigestInit_ex(context_.get(), kind, nullptr) == 1, "no digest context");
  }
  void update(std::span<const std::byte> bytes) override {
    EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size());
  }
  std::string hex_digest() override {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    EVP_DigestFinal_ex(context_.get(), digest.data(), &size);
    return to_hex(std::span(digest).first(size));
  }

 private:
  struct Free {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  };
  std::unique_ptr<EVP_MD_CTX, Free> context_;
};

class Xxh32 final : public ContentHash {
 public:
  Xxh32() { XXH32_reset(&state_, 0); }
  void update(std::span<const std::byte> bytes) override {
    XXH32_update(&state_, bytes.data(), bytes.size());
  }
  std::string hex_digest() override { return fmt::format("{:08x}", XXH32_digest(&state_)); }

 private:
  XXH32_state_t state_{};
};

class Xxh64 final : public ContentHash {
 public:
  Xxh64() { XXH64_reset(&state_, 0); }
  void update(std::span<const std::byte> bytes) override {
    XXH64_update(&state_, bytes.data(), bytes.size());
  }
  std::string hex_digest() override { return fmt::format("{:016x}", XXH64_digest(&state_)); }

 private:
  XXH64_state_t state_{};
};

/// XXH3 of 64 or 128 bits; "xxh128" is the latter.
class Xxh3 final : public ContentHash {
 public:
  explicit Xxh3(bool is_wide) : is_wide_(is_wide) { XXH3_64bits_reset(&state_); }
  void update(std::span<const std::byte> bytes) override {
    if (is_wide_) {
      XXH3_128bits_update(&state_, bytes.data(), bytes.size());
    } else {
      XXH3_64bits_update(&state_, bytes.data(), bytes.size());
    }
  }
  std::string hex_digest() override {
    if (!is_wide_) {
      return fmt::format("{:016x}", XXH3_64bits_digest(&state_));
    }
    const XXH128_hash_t digest = XXH3_128bits_digest(&state_);
    return fmt::format("{:016x}{:016x}", digest.high64, digest.low64);
  }

 private:
  bool is_wide_;
  alignas(64) XXH3_state_t state_{};
};

}  // namespace

std::unique_ptr<ContentHash> ContentHash::named(std::string_view name) {
  if (name == "xxh32") {
    return std::make_unique<Xxh32>();
  }
  if (name == "xxh64") {
    return std::make_unique<Xxh64>();
  }
  if (name == "xxh3_64") {
    return std::make_unique<Xxh3>(/*is_wide=*/false);
  }
  if (name == "xxh128" || name == "xxh3_128") {
    return std::make_unique<Xxh3>(/*is_wide=*/true);
  }
  std::string openssl_name(name);
  if (name == "blake2b" || name == "blake2s") {
    openssl_name += name == "blake2b" ? "512" : "256";
  }
  for (char& c : openssl_name) {
    c = c == '_' ? '-' : c;  // sha3_256
  }
  const EVP_MD* kind = EVP_get_digestbyname(openssl_name.c_str());
  return kind == nullptr ? nullptr : std::make_unique<OpensslHash>(kind);
}

}  // namespace temper::data
