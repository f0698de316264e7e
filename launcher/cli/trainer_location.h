#pragma once

#include <filesystem>

#include "launcher/cli/context.h"

namespace temper::launch {

/// The temper-trainer program: TEMPER_TRAINER, else beside this program. UserError naming the
/// places looked at if it isn't there or can't be run.
std::filesystem::path find_trainer(const Context& context);

/// Where the trainer would be looked for; need not exist. For plans.
std::filesystem::path expected_trainer(const Context& context);

}  // namespace temper::launch
