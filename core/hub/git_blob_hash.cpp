#include "core/hub/git_blob_hash.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <array>
#include <memory>

#include "core/base/check.h"

namespace temper::hub {

std::string git_blob_hash(std::span<const std::byte> bytes) {
  const std::string header = fmt::format("blob {}", bytes.size());
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                        &EVP_MD_CTX_free);
  std::array<unsigned char, 20> digest{};
  CHECK(context != nullptr && EVP_DigestInit_ex(context.get(), EVP_sha1(), nullptr) == 1,
        "OpenSSL offers no SHA-1");
  CHECK(EVP_DigestUpdate(context.get(), header.c_str(), header.size() + 1) == 1);
  CHECK(EVP_DigestUpdate(context.get(), bytes.data(), bytes.size()) == 1);
  CHECK(EVP_DigestFinal_ex(context.get(), digest.data(), nullptr) == 1);
  std::string text;
  for (const unsigned char byte : digest) {
    text += fmt::format("{:02x}", byte);
  }
  return text;
}

}  // namespace temper::hub
