#include "core/storage/s3/signature.h"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <map>

#include "core/base/check.h"
#include "core/base/hash.h"
#include "core/http/url.h"

namespace temper::storage {
namespace {

std::string hexadecimal(std::string_view bytes) {
  std::string text;
  for (const char byte : bytes) {
    text += fmt::format("{:02x}", static_cast<unsigned char>(byte));
  }
  return text;
}

/// "20130524T000000Z".
std::string basic_time(std::chrono::system_clock::time_point time) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  std::array<char, 32> text{};
  std::strftime(text.data(), text.size(), "%Y%m%dT%H%M%SZ", &parts);
  return text.data();
}

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(), [](char letter) {
    return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
  });
  return text;
}

/// Path and query of an absolute URL.
std::pair<std::string, std::string> path_and_query(const std::string& url) {
  const std::size_t begin = url.find('/', url.find("://") + 3);
  const std::string rest = begin == std::string::npos ? "/" : url.substr(begin);
  const std::size_t question = rest.find('?');
  return {rest.substr(0, question), question == std::string::npos ? "" : rest.substr(question + 1)};
}

}  // namespace

std::string hmac_sha256(std::string_view key, std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned length = 0;
  CHECK(::HMAC(::EVP_sha256(), key.data(), static_cast<int>(key.size()),
               reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data(),
               &length) != nullptr,
        "OpenSSL has no HMAC-SHA-256");
  return {reinterpret_cast<const char*>(digest.data()), length};
}

void sign_request(http::Request& request, const AwsCredentials& credentials,
                  const SigningScope& scope, const std::string& payload_hash) {
  const std::string time = basic_time(scope.time);
  const std::string date = time.substr(0, 8);
  request.headers.set("Host", http::host_of(request.url));
  request.headers.set("x-amz-date", time);
  request.headers.set("x-amz-content-sha256", payload_hash);
  if (!credentials.session_token.empty()) {
    request.headers.set("x-amz-security-token", credentials.session_token);
  }

  // All headers but those that libcurl or a proxy may change; sorted by name.
  std::map<std::string, std::string> signed_headers;
  for (const auto& [name, value] : request.headers.fields()) {
    const std::string field = lower(name);
    if (field == "host" || field == "range" || field.starts_with("x-amz-") ||
        field.starts_with("if-")) {
      signed_headers[field] = value;
    }
  }
  std::string names;
  std::string canonical_headers;
  for (const auto& [name, value] : signed_headers) {
    names += (names.empty() ? "" : ";") + name;
    canonical_headers += name + ":" + value + "\n";
  }

  const auto [path, query] = path_and_query(request.url);
  const std::string canonical = fmt::format("{}\n{}\n{}\n{}\n{}\n{}", request.method, path, query,
                                            canonical_headers, names, payload_hash);
  const std::string credential_scope =
      fmt::format("{}/{}/{}/aws4_request", date, scope.region, scope.service);
  const std::string to_sign =
      fmt::format("AWS4-HMAC-SHA256\n{}\n{}\n{}", time, credential_scope, sha256_hex(canonical));
  const std::string date_key = hmac_sha256("AWS4" + credentials.secret_access_key, date);
  const std::string signing_key =
      hmac_sha256(hmac_sha256(hmac_sha256(date_key, scope.region), scope.service), "aws4_request");
  request.headers.set("Authorization",
                      fmt::format("AWS4-HMAC-SHA256 Credential={}/{},SignedHeaders={},Signature={}",
                                  credentials.access_key_id, credential_scope, names,
                                  hexadecimal(hmac_sha256(signing_key, to_sign))));
}

}  // namespace temper::storage
