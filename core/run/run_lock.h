#pragma once

#include "core/base/unique_fd.h"
#include "core/run/run_layout.h"

namespace temper::run {

/// Keeps a second process off the same run: an exclusive flock(2) on run.lock, which also says in
/// one line who holds it. Held until destroyed or the process ends, however it ends; started
/// programs don't inherit it. The file stays.
class RunLock {
 public:
  /// UserError naming the holder's process and host if the lock is taken; FileError if the file
  /// can't be opened or its file system knows no locks. The run directory must exist.
  explicit RunLock(const RunLayout& layout);

 private:
  UniqueFd fd_;
};

}  // namespace temper::run
