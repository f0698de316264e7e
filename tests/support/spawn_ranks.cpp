#include "tests/support/spawn_ranks.h"

#include <exception>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/thread_communicator.h"

namespace temper::testing {

void spawn_ranks(int num_ranks, const std::function<void(comm::Communicator&)>& body,
                 std::chrono::milliseconds timeout) {
  ThreadGroup group(num_ranks, timeout);
  std::mutex mutex;
  std::exception_ptr first_error;  // guarded by mutex
  const auto fail = [&](int rank, const std::string& what) {
    {
      const std::lock_guard lock(mutex);
      if (!first_error) {
        first_error = std::current_exception();
      }
    }
    group.fail("rank " + std::to_string(rank) + " is lost: " + what);
  };
  {
    std::vector<std::jthread> threads;
    for (int rank = 0; rank < num_ranks; ++rank) {
      threads.emplace_back([&, rank] {
        try {
          body(*group.communicator(rank));
        } catch (const std::exception& error) {
          fail(rank, error.what());
        } catch (...) {
          fail(rank, "unknown exception");
        }
      });
    }
  }
  if (first_error) {
    std::rethrow_exception(first_error);
  }
}

}  // namespace temper::testing
