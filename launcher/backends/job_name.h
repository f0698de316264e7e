#pragma once

#include <string>

namespace temper::launch {

/// A run's name where names are narrow (Kubernetes, labels of Google Cloud): a DNS label (RFC 1123)
/// of at most 40 characters that begins with a letter, the run's id at its end. Runs with different
/// ids get different names.
std::string job_name(const std::string& run_id);

}  // namespace temper::launch
