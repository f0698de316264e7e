#include "tests/trainer/comm/tcp_ranks.h"

#include <sys/socket.h>

#include <exception>
#include <mutex>
#include <stdexcept>
#include <thread>

#include "core/base/error.h"
#include "trainer/comm/tcp_communicator.h"
#include "trainer/comm/tcp_socket.h"

namespace temper::comm {

int free_port() {
  return port_of(listen_on(0));
}

TcpMeeting local_meeting(int rank, int size, int port) {
  return {"127.0.0.1", port, "run-of-a-test", rank, size, std::chrono::seconds(30)};
}

PeerPair connected_pair() {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) != 0) {
    throw std::runtime_error("socketpair failed");
  }
  PeerPair pair;
  pair.of_rank_0.resize(2);
  pair.of_rank_0[1] = {UniqueFd(ends[0]), "host-1"};
  pair.of_rank_1.resize(2);
  pair.of_rank_1[0] = {UniqueFd(ends[1]), "host-0"};
  return pair;
}

void run_tcp_threads(int size, const std::function<void(Communicator&)>& body,
                     std::chrono::milliseconds patience) {
  const int port = free_port();
  std::mutex mutex;
  std::exception_ptr first_error;  // guarded by mutex
  {
    std::vector<std::jthread> threads;
    for (int rank = 0; rank < size; ++rank) {
      threads.emplace_back([&, rank] {
        SystemClock clock;
        try {
          body(*open_tcp_communicator(local_meeting(rank, size, port), clock, patience));
        } catch (...) {
          const std::lock_guard lock(mutex);
          first_error = first_error ? first_error : std::current_exception();
        }
      });
    }
  }
  if (first_error) {
    std::rethrow_exception(first_error);
  }
}

std::string retryable_error_of(const std::function<void()>& work) {
  try {
    work();
  } catch (const RetryableError& error) {
    return error.what();
  }
  return "no error";
}

}  // namespace temper::comm
