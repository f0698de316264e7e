#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "core/http/http_message.h"
#include "core/storage/credentials/aws_credentials.h"

namespace temper::storage {

/// HMAC-SHA-256 (RFC 2104), 32 raw bytes.
std::string hmac_sha256(std::string_view key, std::string_view text);

/// What one signature is made for.
struct SigningScope {
  std::string region;
  std::string service = "s3";
  std::chrono::system_clock::time_point time;
};

/// Signs with AWS Signature Version 4 ("Authenticating Requests: Using the Authorization Header",
/// Amazon S3 API Reference): sets Host, x-amz-date, x-amz-content-sha256, x-amz-security-token and
/// Authorization. request.url is absolute, its path and query are encoded already and the query is
/// sorted by name. `payload_hash` is 64 hexadecimal digits or "UNSIGNED-PAYLOAD".
void sign_request(http::Request& request, const AwsCredentials& credentials,
                  const SigningScope& scope, const std::string& payload_hash);

}  // namespace temper::storage
