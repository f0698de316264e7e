#pragma once

#include <memory>
#include <string>

#include "core/http/http_client.h"
#include "core/storage/credentials/token_source.h"

namespace temper::storage {

/// How Google's services want to be asked by http::Client: a bearer token that is fetched again
/// once it is refused, and errors as Google writes them.
class BearerService : public http::Service {
 public:
  /// Without `tokens` requests are anonymous.
  explicit BearerService(std::unique_ptr<RefreshingToken> tokens);
  void authorize(http::Request& request) override;
  bool learn_from(const http::Request& request, const http::Response& refusal) override;
  std::string reason(const http::Response& response) const override;

 private:
  const std::unique_ptr<RefreshingToken> tokens_;
};

}  // namespace temper::storage
