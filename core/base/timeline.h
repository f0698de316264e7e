#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <mutex>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "core/base/clock.h"

namespace temper {

/// What the threads of a process did when, for Perfetto or chrome://tracing: the "JSON Array
/// Format" of Chrome's "Trace Event Format", whose closing bracket may be missing, so that a killed
/// process leaves a file that can be read. A resumed process appends to the same file. Thread-safe.
class Timeline {
 public:
  /// A number beside a span, such as {"slot", 3}. The name must be a literal.
  struct Argument {
    const char* name = nullptr;
    std::int64_t value = 0;
  };

  /// `process_id` tells the lines of several files apart once they are in one; `process` names it.
  /// Throws FileError if the file can't be written.
  Timeline(std::filesystem::path file, int process_id, const std::string& process, Clock& clock);
  ~Timeline();
  Timeline(const Timeline&) = delete;
  Timeline& operator=(const Timeline&) = delete;

  /// How the calling thread is shown; without a name it is shown by a number.
  void name_this_thread(const std::string& name);

  /// The calling thread did `name` (a literal) from `begin` until now.
  void add(const char* name, std::chrono::steady_clock::time_point begin,
           std::span<const Argument> arguments);

  /// Writes what was added. What can't be written (disk full) is dropped: a timeline is a help, no
  /// result.
  void flush();

  Clock& clock() const { return clock_; }

 private:
  int thread_number();  // under the mutex
  std::int64_t microseconds(std::chrono::steady_clock::time_point time) const;

  const std::filesystem::path file_;
  const int process_id_;
  Clock& clock_;
  const std::chrono::system_clock::time_point wall_start_;  // what steady_start_ is for people
  const std::chrono::steady_clock::time_point steady_start_;
  std::mutex mutex_;
  std::string lines_;  // not written yet; guarded, as is the next
  std::map<std::thread::id, int> thread_numbers_;
};

/// Adds what happens during its life to a timeline; to none if that is nullptr.
class TimelineSpan {
 public:
  TimelineSpan(Timeline* timeline, const char* name, Timeline::Argument first = {},
               Timeline::Argument second = {});
  ~TimelineSpan();
  TimelineSpan(const TimelineSpan&) = delete;
  TimelineSpan& operator=(const TimelineSpan&) = delete;

 private:
  Timeline* timeline_;
  const char* name_;
  Timeline::Argument arguments_[2];
  std::chrono::steady_clock::time_point begin_;
};

/// Writes the timelines of several processes as one closed JSON array to `file`. Those that are
/// missing are passed over. Throws FileError.
void merge_timelines(std::span<const std::filesystem::path> parts,
                     const std::filesystem::path& file);

}  // namespace temper
