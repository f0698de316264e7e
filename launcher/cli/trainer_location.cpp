#include "launcher/cli/trainer_location.h"

#include <fmt/format.h>
#include <unistd.h>

#include "core/base/error.h"

namespace temper::launch {

std::filesystem::path expected_trainer(const Context& context) {
  if (const auto chosen = context.environment.get("TEMPER_TRAINER")) {
    return std::filesystem::absolute(*chosen);
  }
  return context.executable.parent_path() / "temper-trainer";
}

std::filesystem::path find_trainer(const Context& context) {
  std::filesystem::path trainer = expected_trainer(context);
  if (!std::filesystem::is_regular_file(trainer) || ::access(trainer.c_str(), X_OK) != 0) {
    throw UserError(
        fmt::format("no trainer program at {}: build the target temper-trainer, or name it in the "
                    "environment variable TEMPER_TRAINER",
                    trainer.string()));
  }
  return trainer;
}

}  // namespace temper::launch
