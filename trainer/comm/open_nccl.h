#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "core/base/clock.h"
#include "trainer/comm/nccl_communicator.h"
#include "trainer/comm/nccl_meeting.h"
#include "trainer/device/device_report.h"

namespace temper::comm {

/// This rank's place among those with a GPU.
struct NcclPlace {
  int rank = 0;
  int size = 1;
  int local_rank = 0;  ///< among this machine's; its GPU in CUDA's order
  int local_size = 1;
  std::string address;     ///< host of rank 0, whose TCPStore the others find there
  std::uint16_t port = 0;  ///< of it
};

struct NcclSettings {
  std::chrono::milliseconds connect_timeout{std::chrono::minutes(5)};
  /// Of one collective: a peer may be writing the result meanwhile. Heartbeats notice dead and
  /// frozen ranks long before.
  std::chrono::milliseconds call_timeout{std::chrono::minutes(60)};
  std::size_t stage_bytes = std::size_t{64} << 20;  ///< of each of the two
};

/// TCPStore (c10d) at the place, kept by rank 0. RetryableError if it is not there in time, or lost
/// later.
std::unique_ptr<MeetingPlace> open_tcp_store(const NcclPlace& place,
                                             std::chrono::milliseconds timeout);

/// c10d::ProcessGroupNCCL at the place: the part that only a machine with a GPU can run. In a build
/// without CUDA, NcclFailure.
std::unique_ptr<NcclGroup> open_nccl_process_group(const NcclPlace& place,
                                                   const NcclSettings& settings);

/// What open_nccl_communicator() needs of the world, to be replaced in tests.
struct NcclWorld {
  device::DeviceReport devices;
  std::string libraries;  ///< library_versions()
  std::string host;
  std::function<std::unique_ptr<MeetingPlace>(const NcclPlace&, std::chrono::milliseconds)>
      open_store = open_tcp_store;
  std::function<std::unique_ptr<NcclGroup>(const NcclPlace&, const NcclSettings&)> open_group =
      open_nccl_process_group;
};

/// The ranks of a run that have a GPU each: checks this machine's GPUs, meets the others, connects.
/// UserError as check_gpus() and meet(); RetryableError if a rank does not come in time.
std::unique_ptr<NcclCommunicator> open_nccl_communicator(const NcclPlace& place,
                                                         const NcclSettings& settings,
                                                         const NcclWorld& world, Clock& clock);

}  // namespace temper::comm
