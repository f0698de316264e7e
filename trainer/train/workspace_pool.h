#pragma once

#include <condition_variable>
#include <mutex>
#include <vector>

#include "trainer/model/llama.h"

namespace temper::train {

/// The workspaces that slots are computed in. Each grows to the largest slot that was computed in
/// it, so the one that was given back last is taken first: a rank that computes one slot at a time
/// has one of its size, whichever thread computes it. Thread-safe.
class WorkspacePool {
 public:
  /// `count` > 0: so many slots can be computed at a time.
  WorkspacePool(std::size_t count, const model::SlotSettings& settings);

  /// A workspace as long as it is held.
  class Turn {
   public:
    Turn(WorkspacePool& pool, model::SlotWorkspace& workspace)
        : pool_(pool), workspace_(workspace) {}
    ~Turn() { pool_.give_back(workspace_); }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;

    model::SlotWorkspace& workspace() const { return workspace_; }

   private:
    WorkspacePool& pool_;
    model::SlotWorkspace& workspace_;
  };

  /// Waits until one is free. The pool outlives the turn.
  Turn take();

  std::size_t size() const { return workspaces_.size(); }

 private:
  void give_back(model::SlotWorkspace& workspace);

  std::vector<model::SlotWorkspace> workspaces_;
  std::mutex mutex_;
  std::condition_variable freed_;
  std::vector<model::SlotWorkspace*> free_;  // guarded by mutex_; the last was given back last
};

}  // namespace temper::train
