#include "core/storage/credentials/jwt.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <memory>

#include "core/base/check.h"
#include "core/base/error.h"
#include "core/http/url.h"

namespace temper::storage {
namespace {

using Bio = std::unique_ptr<BIO, decltype(&::BIO_free)>;
using Key = std::unique_ptr<EVP_PKEY, decltype(&::EVP_PKEY_free)>;
using Context = std::unique_ptr<EVP_MD_CTX, decltype(&::EVP_MD_CTX_free)>;

/// Keys of service accounts have no passphrase; this keeps OpenSSL from asking at a terminal.
int no_passphrase(char*, int, int, void*) {
  return 0;
}

}  // namespace

std::string sign_jwt(std::string_view header, std::string_view claims,
                     const std::string& private_key_pem, const std::string& origin) {
  const Bio text(
      ::BIO_new_mem_buf(private_key_pem.data(), static_cast<int>(private_key_pem.size())),
      ::BIO_free);
  const Key key(::PEM_read_bio_PrivateKey(text.get(), nullptr, no_passphrase, nullptr),
                ::EVP_PKEY_free);
  if (key == nullptr || ::EVP_PKEY_base_id(key.get()) != EVP_PKEY_RSA) {
    throw UserError(origin +
                    ": private_key is no RSA key in PEM; download the service account's key again");
  }
  const std::string signed_part = http::base64_url(header) + "." + http::base64_url(claims);
  const Context context(::EVP_MD_CTX_new(), ::EVP_MD_CTX_free);
  std::string signature(static_cast<std::size_t>(::EVP_PKEY_size(key.get())), '\0');
  std::size_t length = signature.size();
  const bool done =
      ::EVP_DigestSignInit(context.get(), nullptr, ::EVP_sha256(), nullptr, key.get()) == 1 &&
      ::EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &length,
                       reinterpret_cast<const unsigned char*>(signed_part.data()),
                       signed_part.size()) == 1;
  CHECK(done, "OpenSSL does not sign");
  signature.resize(length);
  return signed_part + "." + http::base64_url(signature);
}

}  // namespace temper::storage
