#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "trainer/comm/communicator.h"

namespace temper::testing {

/// Threads of one process as the ranks of a group: a Communicator over shared memory, for tests of
/// what is built on it. Each rank's communicator is used by one thread. The group outlives them.
class ThreadGroup {
 public:
  /// An operation that waits longer than `timeout` for a rank throws RetryableError.
  ThreadGroup(int size, std::chrono::milliseconds timeout);
  ~ThreadGroup();
  ThreadGroup(const ThreadGroup&) = delete;
  ThreadGroup& operator=(const ThreadGroup&) = delete;

  std::unique_ptr<comm::Communicator> communicator(int rank);

  /// Every operation that waits or comes later throws RetryableError naming the reason: what a lost
  /// peer does to a group. The first reason stays.
  void fail(const std::string& reason);

  /// This rank's operation that waits, and all its later ones, throw RetryableError; the others go
  /// on waiting for it.
  void interrupt(int rank);

  class Exchange;

 private:
  std::unique_ptr<Exchange> exchange_;
};

}  // namespace temper::testing
