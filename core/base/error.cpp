#include "core/base/error.h"

namespace temper {

ExitCode exit_code_of(const std::exception& exception) noexcept {
  const auto* error = dynamic_cast<const Error*>(&exception);
  return error != nullptr ? error->exit_code() : ExitCode::kInternal;
}

}  // namespace temper
