#include "trainer/checkpoint/fingerprints.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "core/base/error.h"
#include "core/run/run_layout.h"

namespace temper::checkpoint {
namespace {

constexpr std::array<const char*, 4> kSubjects = {"recipe", "data", "model", "device"};

// Enough of a hash to tell two apart by eye.
std::string shortened(const std::string& fingerprint) {
  return fingerprint.empty() ? "none" : fingerprint.substr(0, 12);
}

void check_known(std::span<const std::string> allowed_changes) {
  for (const std::string& word : allowed_changes) {
    if (std::find(kSubjects.begin(), kSubjects.end(), word) == kSubjects.end()) {
      throw UserError(fmt::format("--allow-changed {}: unknown; use one of {}", word,
                                  fmt::join(kSubjects, ", ")));
    }
  }
}

}  // namespace

std::vector<std::string> check_fingerprints(const run::CheckpointManifest& manifest,
                                            const Fingerprints& expected,
                                            std::span<const std::string> allowed_changes) {
  check_known(allowed_changes);
  const std::string& device = manifest.device.empty() ? expected.device : manifest.device;
  const std::array saved = {&manifest.recipe_fingerprint, &manifest.data_fingerprint,
                            &manifest.model_fingerprint, &device};
  const std::array now = {&expected.recipe, &expected.data, &expected.model, &expected.device};

  std::vector<std::string> allowed;
  std::vector<std::string> differences;
  std::vector<std::string> flags;
  for (std::size_t i = 0; i < kSubjects.size(); ++i) {
    if (*saved[i] == *now[i]) {
      continue;
    }
    const std::string subject = kSubjects[i];
    if (std::find(allowed_changes.begin(), allowed_changes.end(), subject) !=
        allowed_changes.end()) {
      allowed.push_back(subject);
    } else {
      differences.push_back(
          subject == "device"
              ? fmt::format("the device changed ({} when it was saved, {} now)", *saved[i], *now[i])
              : fmt::format("the {} changed (fingerprint {} when it was saved, {} now)", subject,
                            shortened(*saved[i]), shortened(*now[i])));
      flags.push_back("--allow-changed " + subject);
    }
  }
  if (!differences.empty()) {
    throw UserError(fmt::format(
        "checkpoint {}: {}; resuming would not continue the same training. Undo the change, start "
        "a new run, or resume with {}",
        run::checkpoint_name(manifest.step, manifest.attempt), fmt::join(differences, " and "),
        fmt::join(flags, " ")));
  }
  return allowed;
}

}  // namespace temper::checkpoint
