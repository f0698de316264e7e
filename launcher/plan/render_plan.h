#pragma once

#include <string>

#include "launcher/plan/run_plan.h"

namespace temper::launch {

/// A plan for people. Pure, like the others.
std::string render_text(const RunPlan& plan);
/// A plan as one JSON object (docs/run-directory.md). Absent parts are left out.
std::string render_json(const RunPlan& plan);
/// The same facts as YAML: plan.yaml.
std::string render_yaml(const RunPlan& plan);

}  // namespace temper::launch
