#include "core/hub/blob_hash.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <array>
#include <string_view>

#include "core/base/check.h"

namespace temper::hub {

struct BlobHash::State {
  struct Free {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  };
  std::unique_ptr<EVP_MD_CTX, Free> context{EVP_MD_CTX_new()};
};

BlobHash::BlobHash(const TreeFile& file) : state_(std::make_unique<State>()) {
  const EVP_MD* const algorithm = file.is_lfs() ? EVP_sha256() : EVP_sha1();
  CHECK(EVP_DigestInit_ex(state_->context.get(), algorithm, nullptr) == 1, "OpenSSL has no {}",
        file.is_lfs() ? "SHA-256" : "SHA-1");
  if (!file.is_lfs()) {
    std::string header = fmt::format("blob {}", file.size_bytes);
    header.push_back('\0');
    update(std::as_bytes(std::span(header)));
  }
}

BlobHash::~BlobHash() = default;
BlobHash::BlobHash(BlobHash&&) noexcept = default;
BlobHash& BlobHash::operator=(BlobHash&&) noexcept = default;

void BlobHash::update(std::span<const std::byte> bytes) {
  CHECK(EVP_DigestUpdate(state_->context.get(), bytes.data(), bytes.size()) == 1, "OpenSSL fails");
}

std::string BlobHash::hex_digest() {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned length = 0;
  CHECK(EVP_DigestFinal_ex(state_->context.get(), digest.data(), &length) == 1, "OpenSSL fails");
  std::string text;
  for (unsigned i = 0; i < length; ++i) {
    text += fmt::format("{:02x}", digest[i]);
  }
  return text;
}

}  // namespace temper::hub
