#include "core/storage/credentials/bearer_service.h"

#include <utility>

#include "core/storage/gcs/gcs_resource.h"

namespace temper::storage {
namespace {

std::string bearer(const std::string& token) {
  return "Bearer " + token;
}

}  // namespace

BearerService::BearerService(std::unique_ptr<RefreshingToken> tokens)
    : tokens_(std::move(tokens)) {}

void BearerService::authorize(http::Request& request) {
  if (tokens_ != nullptr) {
    request.headers.set("Authorization", bearer(tokens_->get()->token));
  }
}

bool BearerService::learn_from(const http::Request& request, const http::Response&) {
  if (tokens_ == nullptr) {
    return false;
  }
  const auto used = request.headers.get("Authorization");
  return tokens_->forget([&](const AccessToken& token) { return used == bearer(token.token); });
}

std::string BearerService::reason(const http::Response& response) const {
  return error_reason(response.body);
}

}  // namespace temper::storage
