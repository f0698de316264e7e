#include "core/export/probe.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "core/base/error.h"

namespace temper::exporting {
namespace {

[[noreturn]] void refuse(const std::filesystem::path& folder, const std::string& what) {
  throw FatalError(fmt::format("{}: {}; it is not exported", folder.string(), what));
}

void check_logits(const std::filesystem::path& folder, const std::vector<float>& logits,
                  const Probe& probe) {
  const std::vector<float>& trained = probe.trained.logits;
  if (logits.size() != trained.size()) {
    refuse(folder, fmt::format("base + file give {} logits, the trained model {}", logits.size(),
                               trained.size()));
  }
  double largest = 0;
  double difference = 0;
  for (std::size_t i = 0; i < logits.size(); ++i) {
    const double delta = std::abs(static_cast<double>(logits[i]) - trained[i]);
    difference = std::isnan(delta) ? INFINITY : std::max(difference, delta);
    largest = std::max(largest, std::abs(static_cast<double>(trained[i])));
  }
  if (!(difference <= probe.tolerance * largest)) {
    refuse(folder, fmt::format("logits of base + file differ by {} from the trained model's, whose "
                               "largest is {} (allowed: {} of it)",
                               difference, largest, probe.tolerance));
  }
}

}  // namespace

Outputs check_outputs(const std::filesystem::path& folder, const Probe& probe) {
  Outputs outputs = probe.of_files(folder);
  check_logits(folder, outputs.logits, probe);
  const double difference = std::abs(outputs.loss - probe.trained.loss);
  if (!(difference <= probe.tolerance * std::abs(probe.trained.loss))) {
    refuse(folder,
           fmt::format("the loss of base + file on {} samples is {}, the trained model's {} "
                       "(allowed: {} of it)",
                       probe.num_samples, outputs.loss, probe.trained.loss, probe.tolerance));
  }
  return outputs;
}

}  // namespace temper::exporting
