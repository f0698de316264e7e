#include "trainer/comm/watched_group.h"

#include <future>
#include <mutex>
#include <thread>

namespace temper::comm {

struct WatchedGroup::State {
  std::mutex mutex;
  Communicator* communicator = nullptr;  // guarded by mutex
};

WatchedGroup::WatchedGroup() : state_(std::make_shared<State>()) {}

void WatchedGroup::watch(Communicator& communicator) {
  const std::lock_guard lock(state_->mutex);
  state_->communicator = &communicator;
}

void WatchedGroup::forget() {
  const std::lock_guard lock(state_->mutex);
  state_->communicator = nullptr;
}

bool WatchedGroup::give_up(const std::string& reason, std::chrono::nanoseconds patience) {
  std::promise<void> done;
  std::future<void> is_done = done.get_future();
  std::thread([state = state_, reason, done = std::move(done)]() mutable {
    {
      const std::lock_guard lock(state->mutex);
      if (state->communicator != nullptr) {
        state->communicator->give_up(reason);
      }
    }
    done.set_value();
  }).detach();
  return is_done.wait_for(patience) == std::future_status::ready;
}

}  // namespace temper::comm
