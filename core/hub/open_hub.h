#pragma once

#include <memory>
#include <stop_token>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/hub/hub_api.h"
#include "core/storage/open_store.h"

namespace temper::hub {

/// The Hub that the environment of `options` names, over libcurl. No request yet. `clock` outlives
/// it. The retries are patient enough for the Hub's windows of five minutes.
HubApi open_hub(const storage::OpenOptions& options, Clock& clock);

/// The same with settings that are known already.
HubApi open_hub(HubSettings settings, const storage::OpenOptions& options, Clock& clock);

}  // namespace temper::hub
