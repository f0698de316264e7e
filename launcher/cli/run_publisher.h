#pragma once

#include <memory>
#include <string>

#include "core/base/clock.h"
#include "core/run/bucket_run.h"
#include "core/storage/object_store.h"
#include "launcher/backends/supervisor.h"
#include "launcher/cli/background_push.h"

namespace temper::launch {

/// Copies a run's files to its bucket while it is supervised: when an attempt starts, when a
/// message comes, and every BackgroundPush::kInterval. Hands all events on to `inner`.
class RunPublisher final : public RunObserver {
 public:
  /// `inner` and `clock` are borrowed; `bucket` is rooted at the run's URL. Copies once before it
  /// returns, so that what is wrong with the bucket is found before anything starts (StorageError).
  RunPublisher(RunObserver& inner, run::RunLayout layout,
               std::unique_ptr<storage::ObjectStore> bucket, Clock& clock);

  void on_attempt(const run::AttemptRecord& attempt, int number) override;
  void on_progress(const run::ProgressRecord& record) override;
  void on_message(const std::string& message) override;
  void on_look() override;

  /// Copies all that is left. StorageError if it can't be.
  void finish();

 private:
  RunObserver& inner_;
  const std::unique_ptr<storage::ObjectStore> bucket_;
  run::RunMirror mirror_;
  BackgroundPush push_;
};

}  // namespace temper::launch
