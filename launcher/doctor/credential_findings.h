#pragma once

#include <vector>

#include "core/base/clock.h"
#include "core/base/environment.h"
#include "launcher/doctor/finding.h"

namespace temper::launch {

/// Where credentials for Google Cloud, S3 and the Hugging Face Hub would come from, without asking
/// any of them. Names places and accounts, never a secret or a key's id. What is there but can't be
/// read is a warning.
std::vector<Finding> credential_findings(const Environment& environment, Clock& clock);

}  // namespace temper::launch
