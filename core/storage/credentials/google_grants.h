#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <string>

#include "core/storage/credentials/token_source.h"
#include "core/storage/open_store.h"

namespace temper::storage {

/// Fetches one token. May throw StorageError.
using TokenFetch = std::function<AccessToken()>;

// What Google gives tokens for. `origin` is the credentials' file, for messages; UserError names a
// field that is missing. The world's parts outlive the result.

TokenFetch service_account_grant(const nlohmann::json& file, const std::string& origin,
                                 const OpenOptions& options, Clock& clock);
TokenFetch authorized_user_grant(const nlohmann::json& file, const std::string& origin,
                                 const OpenOptions& options, Clock& clock);
TokenFetch external_account_grant(const nlohmann::json& file, const std::string& origin,
                                  const OpenOptions& options, Clock& clock);
/// `source` gives the token that may impersonate.
TokenFetch impersonation_grant(const std::string& url, const TokenFetch& source,
                               const OpenOptions& options, Clock& clock);
TokenFetch metadata_grant(const OpenOptions& options, Clock& clock);

/// A text field of a credentials' file. UserError naming `origin` and the field.
std::string credential_field(const nlohmann::json& file, const char* name,
                             const std::string& origin);

}  // namespace temper::storage
