#pragma once

#include <memory>
#include <string>

#include "core/run/bucket_run.h"
#include "core/storage/object_store.h"
#include "launcher/cli/background_push.h"
#include "launcher/cli/context.h"

namespace temper::launch {

/// Brings the logs of this machine's ranks to a run that is supervised on another one, while they
/// run and at their end. What goes wrong is told and does no harm.
class RankLogPush {
 public:
  /// Ranks [first, first + count) of the run at `url`.
  RankLogPush(Context& context, const run::RunLayout& layout, const std::string& url, int first,
              int count);

  /// Time goes by.
  void tick();
  /// The ranks have ended.
  void finish();

 private:
  void tell(const std::string& problem);

  Context& context_;
  const std::unique_ptr<storage::ObjectStore> bucket_;
  run::RunMirror mirror_;
  BackgroundPush push_;
};

}  // namespace temper::launch
