#pragma once

#include <string>
#include <vector>

namespace temper::launch {

/// One point of a sweep.
struct SweepPoint {
  std::string name_suffix;             ///< "-lr-1e-4", "" without a sweep
  std::vector<std::string> overrides;  ///< as for --set: "optimizer.lr=1e-4"
  bool operator==(const SweepPoint&) const = default;
};

/// All combinations of `axes`, each "optimizer.lr=1e-4,2e-4", in order, the last axis fastest; one
/// point without overrides if there are none. A suffix has only letters that a run's name may have.
/// UserError for an axis that has no key or no value, for a value given twice, and for more than
/// 1000 points.
std::vector<SweepPoint> sweep_points(const std::vector<std::string>& axes);

}  // namespace temper::launch
