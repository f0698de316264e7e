#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "trainer/comm/nccl_group.h"

namespace temper::comm {

/// Where ranks leave words for each other before they can communicate: c10d's TCPStore
/// (tcp_store_meeting.cpp), or memory in tests.
class MeetingPlace {
 public:
  virtual ~MeetingPlace() = default;
  virtual void leave(const std::string& key, const std::string& word) = 0;
  /// nullopt if it is not there in time; with a timeout of 0 at once.
  virtual std::optional<std::string> find(const std::string& key,
                                          std::chrono::milliseconds timeout) = 0;
};

/// What a rank tells the others of itself.
struct MeetingRank {
  int rank = 0;
  int size = 1;
  std::string host;
  std::string gpu_kind;   ///< device_checks.h; the same on all ranks, or results would differ
  std::string libraries;  ///< library_versions(); likewise
};

/// Waits until every rank has said who it is. RetryableError naming the ranks that did not come
/// within `timeout`; UserError, on all ranks alike, if GPUs or builds differ.
void meet(MeetingPlace& place, const MeetingRank& mine, std::chrono::milliseconds timeout,
          Clock& clock);

/// Makes the group by `connect`, which is to fail by itself with kTimedOut: RetryableError naming
/// the ranks that did not get as far as this one, or, if all did, what to look at in the network.
std::unique_ptr<NcclGroup> connect_together(
    MeetingPlace& place, const MeetingRank& mine,
    const std::function<std::unique_ptr<NcclGroup>()>& connect);

}  // namespace temper::comm
