#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace temper::launch {

/// One thing that `temper doctor` looked at.
struct Finding {
  enum class State {
    kOk,
    kWarning,  ///< works, but less well than it could
    kAbsent,   ///< not there, and only needed for some things
    kFailed,   ///< required and not there, or broken
  };
  std::string what;
  State state = State::kOk;
  std::string detail;  ///< what was found
  std::string advice;  ///< what to do about it; empty: nothing
  bool operator==(const Finding&) const = default;
};

constexpr std::string_view name_of(Finding::State state) {
  switch (state) {
    case Finding::State::kOk:
      return "ok";
    case Finding::State::kWarning:
      return "warning";
    case Finding::State::kAbsent:
      return "absent";
    case Finding::State::kFailed:
      break;
  }
  return "failed";
}

inline bool all_required_is_there(const std::vector<Finding>& findings) {
  return std::none_of(findings.begin(), findings.end(), [](const Finding& finding) {
    return finding.state == Finding::State::kFailed;
  });
}

}  // namespace temper::launch
