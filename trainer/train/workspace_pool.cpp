#include "trainer/train/workspace_pool.h"

#include "core/base/check.h"

namespace temper::train {

WorkspacePool::WorkspacePool(std::size_t count, const model::SlotSettings& settings)
    : workspaces_(count) {
  CHECK(count > 0);
  for (model::SlotWorkspace& workspace : workspaces_) {
    workspace.settings = settings;
    free_.push_back(&workspace);
  }
}

WorkspacePool::Turn WorkspacePool::take() {
  std::unique_lock lock(mutex_);
  freed_.wait(lock, [this] { return !free_.empty(); });
  model::SlotWorkspace& workspace = *free_.back();
  free_.pop_back();
  return {*this, workspace};
}

void WorkspacePool::give_back(model::SlotWorkspace& workspace) {
  {
    const std::lock_guard lock(mutex_);
    free_.push_back(&workspace);
  }
  freed_.notify_one();
}

}  // namespace temper::train
