#pragma once

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "core/base/clock.h"
#include "core/base/timeline.h"
#include "trainer/comm/activity.h"

namespace temper::train {

/// How long each part of a start took. For one thread.
class StartupPhases {
 public:
  /// Phases go to `activity` and `timeline` too, unless it is nullptr.
  StartupPhases(Clock& clock, comm::Activity& activity, Timeline* timeline)
      : clock_(clock), activity_(activity), timeline_(timeline) {}

  /// Calls `work` as the phase `name` (a literal) and returns its result, without a move.
  template <class Work>
  decltype(auto) timed(const char* name, const Work& work) {
    const Measurement measurement(*this, name);
    return work();
  }

  /// "tokenizer 0.21 s, model 0.05 s": all but the shortest, in order.
  std::string text() const;

 private:
  class Measurement {
   public:
    Measurement(StartupPhases& phases, const char* name);
    ~Measurement();
    Measurement(const Measurement&) = delete;
    Measurement& operator=(const Measurement&) = delete;

   private:
    StartupPhases& phases_;
    const char* name_;
    TimelineSpan span_;
    std::chrono::steady_clock::time_point begin_;
  };

  Clock& clock_;
  comm::Activity& activity_;
  Timeline* timeline_;
  std::vector<std::pair<const char*, std::chrono::duration<double>>> phases_;
};

}  // namespace temper::train
