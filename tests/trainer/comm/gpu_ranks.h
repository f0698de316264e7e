#pragma once

#include <functional>
#include <memory>
#include <string>

#include "core/base/clock.h"
#include "tests/support/thread_communicator.h"
#include "trainer/comm/gpu_rank.h"

namespace temper::comm {

/// Ranks with a GPU each as threads of a test: real sockets and LibTorch's own TCPStore, but the
/// collectives of another thread group where NCCL's would be (MemoryNcclGroup).
class GpuRanks {
 public:
  explicit GpuRanks(int size, std::size_t stage_bytes = std::size_t{1} << 16);

  /// A machine with as many GPUs as there are ranks; connects rank `rank` when asked to.
  NcclWorld world(int rank);
  /// A meeting that takes no longer than this.
  NcclSettings settings(std::chrono::milliseconds connect_timeout = std::chrono::seconds(20)) const;

  /// The ranks as their launcher joins them: over TCP, by a port of this machine.
  std::unique_ptr<Communicator> launched(int rank, Clock& clock) const;

  /// Runs `body` on threads, one a rank, and throws the first error.
  void run(const std::function<void(int rank)>& body) const;
  /// The same with the rank's communicator over NCCL's stand-in.
  void run_connected(const std::function<void(Communicator&)>& body);

 private:
  int size_;
  std::size_t stage_bytes_;
  int port_;
  testing::ThreadGroup threads_;
  std::vector<std::unique_ptr<Communicator>> stand_ins_;
};

inline const device::Gpu kL4{"NVIDIA L4", 8, 9, std::uint64_t{22} << 30};

/// What `call` throws: "user: …", "retryable: …", "fatal: …" or "no error".
std::string error_of(const std::function<void()>& call);

}  // namespace temper::comm
