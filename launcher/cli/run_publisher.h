#pragma once

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "core/base/clock.h"
#include "core/run/bucket_run.h"
#include "core/storage/object_store.h"
#include "launcher/backends/supervisor.h"

namespace temper::launch {

/// Copies a run's files to its bucket while it is supervised: when an attempt starts, when a
/// message comes, and with progress every kInterval; in a thread of its own, so that a slow bucket
/// keeps nobody waiting. Hands all events on to `inner`.
class RunPublisher final : public RunObserver {
 public:
  static constexpr std::chrono::seconds kInterval{30};

  /// `inner` and `clock` are borrowed; `bucket` is rooted at the run's URL. Copies once before it
  /// returns, so that what is wrong with the bucket is found before anything starts (StorageError).
  RunPublisher(RunObserver& inner, run::RunLayout layout,
               std::unique_ptr<storage::ObjectStore> bucket, Clock& clock);
  ~RunPublisher() override;
  RunPublisher(const RunPublisher&) = delete;
  RunPublisher& operator=(const RunPublisher&) = delete;

  void on_attempt(const run::AttemptRecord& attempt, int number) override;
  void on_progress(const run::ProgressRecord& record) override;
  void on_message(const std::string& message) override;

  /// Copies all that is left. StorageError if it can't be.
  void finish();

 private:
  void request();
  void work();
  void tell_problem();

  RunObserver& inner_;
  Clock& clock_;
  const std::unique_ptr<storage::ObjectStore> bucket_;
  run::RunMirror mirror_;  // the thread's, once it runs
  std::chrono::steady_clock::time_point last_request_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool requested_ = false;  // under mutex_, like all below
  bool stopping_ = false;
  std::string problem_;  // of a copy in the background, not yet told
  std::thread thread_;
};

}  // namespace temper::launch
