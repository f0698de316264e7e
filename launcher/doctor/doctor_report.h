#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/run/collective_report.h"
#include "launcher/doctor/finding.h"

namespace temper::launch {

/// Everything that `temper doctor` found.
struct DoctorReport {
  std::vector<Finding> findings;
  std::optional<run::CollectiveReport> communication;
};

/// For people: a table of the findings with advice below each, a table of the collectives, and the
/// verdict. Pure.
std::string doctor_text(const DoctorReport& report);
/// One JSON object on one line (docs/doctor.md). Pure.
std::string doctor_json(const DoctorReport& report);

/// What the test of communication says about itself: bytes that arrived wrong fail.
Finding communication_finding(const run::CollectiveReport& report);

}  // namespace temper::launch
