#pragma once

#include "core/hub/hub_api.h"
#include "core/hub/outbox_manifest.h"

namespace temper::hub {

/// What a refused push means for the one who pushes. The Hub says "forbidden" or "not found" for a
/// read-only token, for an owner whose member one is not, and for a repository that one may not
/// see; asking who the token belongs to tells them apart. Returns `error` itself if it says all, or
/// if that can't be asked either.
HubError explain_refusal(const HubApi& api, const PushTarget& target, const HubError& error);

}  // namespace temper::hub
