#pragma once

#include <atomic>
#include <cstdint>

namespace temper::comm {

/// What this rank does now: said by the thread that trains, read by its heartbeat. Thread-safe.
class Activity {
 public:
  struct Snapshot {
    std::int64_t step = 0;
    const char* phase = "";
    std::uint64_t count = 0;  ///< of phases entered and steps begun: rises while there is progress
    bool waits = false;       ///< a phase in which this rank mostly waits for the others
  };

  /// `phase` is a literal.
  void enter(const char* phase, bool waits = false) {
    phase_.store(phase, std::memory_order_relaxed);
    waits_.store(waits, std::memory_order_relaxed);
    count_.fetch_add(1, std::memory_order_relaxed);
  }
  void begin_step(std::int64_t step) {
    step_.store(step, std::memory_order_relaxed);
    count_.fetch_add(1, std::memory_order_relaxed);
  }

  Snapshot now() const {
    return {step_.load(std::memory_order_relaxed), phase_.load(std::memory_order_relaxed),
            count_.load(std::memory_order_relaxed), waits_.load(std::memory_order_relaxed)};
  }

 private:
  std::atomic<std::int64_t> step_{0};
  std::atomic<const char*> phase_{"start"};
  std::atomic<std::uint64_t> count_{0};
  std::atomic<bool> waits_{false};
};

}  // namespace temper::comm
