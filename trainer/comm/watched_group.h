#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "trainer/comm/communicator.h"

namespace temper::comm {

/// The communicator that one thread computes with, as another sees it that watches the peers.
/// Thread-safe.
class WatchedGroup {
 public:
  WatchedGroup();

  /// From here on give_up() reaches this communicator, until forget().
  void watch(Communicator& communicator);
  /// To be called before the communicator is destroyed; waits for a give_up() that is under way.
  void forget();

  /// Gives the communicator up, so that no operation of it waits for a lost peer any more. Returns
  /// after `patience` at the latest: what aborts a network may wait for the network. True if it is
  /// done; then, and if there is nothing to give up. After false the process is to leave.
  bool give_up(const std::string& reason, std::chrono::nanoseconds patience);

 private:
  struct State;
  std::shared_ptr<State> state_;  // a thread that give_up() left behind has it too
};

}  // namespace temper::comm
