#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace temper::exporting {

/// What a model says to a few samples that the caller chose.
struct Outputs {
  std::vector<float> logits;  ///< of one sample, [tokens, vocabulary]
  double loss = 0;            ///< mean over the tokens of all samples
};

/// The last gate: the files in a folder, with the base model, must give what the trained model in
/// memory gives.
struct Probe {
  std::int64_t num_samples = 0;
  Outputs trained;
  std::function<Outputs(const std::filesystem::path& folder)> of_files;
  double tolerance = 1e-5;  ///< of the largest |logit|, and of the loss
};

/// Outputs of base + files; FatalError if they are not the trained model's.
Outputs check_outputs(const std::filesystem::path& folder, const Probe& probe);

}  // namespace temper::exporting
