#include "tests/trainer/comm/gpu_ranks.h"

#include <exception>
#include <mutex>
#include <thread>

#include "core/base/error.h"
#include "tests/trainer/comm/memory_nccl_group.h"
#include "tests/trainer/comm/tcp_ranks.h"
#include "trainer/comm/tcp_communicator.h"

namespace temper::comm {

GpuRanks::GpuRanks(int size, std::size_t stage_bytes)
    : size_(size),
      stage_bytes_(stage_bytes),
      port_(free_port()),
      threads_(size, std::chrono::seconds(60)) {
  for (int rank = 0; rank < size; ++rank) {
    stand_ins_.push_back(threads_.communicator(rank));
  }
}

NcclWorld GpuRanks::world(int rank) {
  NcclWorld world;
  world.devices = {true, 13000, 13000,
                   std::vector<device::Gpu>(static_cast<std::size_t>(size_), kL4), ""};
  world.libraries = "LibTorch 2.13.0, CUDA 13.0, NCCL 2.29.7";
  world.host = "here";
  world.open_group = [this, rank](const NcclPlace&, const NcclSettings& settings) {
    return std::make_unique<testing::MemoryNcclGroup>(*stand_ins_[static_cast<std::size_t>(rank)],
                                                      settings.stage_bytes,
                                                      [this, rank] { threads_.interrupt(rank); });
  };
  return world;
}

NcclSettings GpuRanks::settings(std::chrono::milliseconds connect_timeout) const {
  NcclSettings settings;
  settings.connect_timeout = connect_timeout;
  settings.stage_bytes = stage_bytes_;
  return settings;
}

std::unique_ptr<Communicator> GpuRanks::launched(int rank, Clock& clock) const {
  return open_tcp_communicator(local_meeting(rank, size_, port_), clock);
}

void GpuRanks::run(const std::function<void(int rank)>& body) const {
  std::mutex mutex;
  std::exception_ptr first_error;  // guarded by mutex
  {
    std::vector<std::jthread> threads;
    for (int rank = 0; rank < size_; ++rank) {
      threads.emplace_back([&, rank] {
        try {
          body(rank);
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

void GpuRanks::run_connected(const std::function<void(Communicator&)>& body) {
  run([&](int rank) {
    SystemClock clock;
    const Logger logger(LogLevel::kError);
    const GpuRank opened =
        open_gpu_rank(launched(rank, clock), settings(), world(rank), logger, clock);
    body(*opened.communicator);
  });
}

std::string error_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const UserError& error) {
    return std::string("user: ") + error.what();
  } catch (const RetryableError& error) {
    return std::string("retryable: ") + error.what();
  } catch (const FatalError& error) {
    return std::string("fatal: ") + error.what();
  }
  return "no error";
}

}  // namespace temper::comm
