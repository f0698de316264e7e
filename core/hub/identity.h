#pragma once

#include <string>
#include <vector>

#include "core/hub/hub_api.h"

namespace temper::hub {

/// Whose token it is and what it may do, as GET /api/whoami-v2 tells.
struct Identity {
  std::string user;
  std::string role;  ///< of the token: "read", "write", "fineGrained"; "" if the Hub does not say
  std::vector<std::string> organizations;

  /// Whether repositories of `owner` are theirs.
  bool is_member_of(const std::string& owner) const;
};

/// One request, which the Hub allows rarely: ask once a run, not once a rank. HubError kNoToken
/// without a token (and without a request), kTokenRefused…
Identity ask_identity(const HubApi& api);

/// For the start of a run that will push to the model `repository`: finds out what would be refused
/// when the training is over. HubError kNoToken, kTokenRefused, kForbidden (a read-only token, or
/// an owner that its user does not belong to), kUnavailable; UserError for a name that the Hub does
/// not allow. A fine-grained token's rights to single repositories are not known before the push.
void check_push_target(const HubApi& api, const std::string& repository);

}  // namespace temper::hub
