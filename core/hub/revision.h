#pragma once

#include <string>

#include "core/hub/hub_api.h"

namespace temper::hub {

/// The commit (40 hexadecimal digits) that `location`'s revision is now; one request, none if it is
/// a commit already. HubError as HubApi::ask: kNoRepository, kNoRevision, kGated…
std::string resolve_commit(const HubApi& api, const HubLocation& location);

}  // namespace temper::hub
