#include "core/model/context_limit.h"

#include <fmt/format.h>

#include "core/base/error.h"

namespace temper::model {

void check_max_length(const recipe::Data& data, const ModelConfig& config) {
  if (data.max_length > config.context_length) {
    throw UserError(
        fmt::format("data.max_length: {} is more than the model's context of {}; lower it",
                    data.max_length, config.context_length));
  }
}

}  // namespace temper::model
