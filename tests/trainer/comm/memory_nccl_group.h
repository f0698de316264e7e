#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "trainer/comm/communicator.h"
#include "trainer/comm/nccl_group.h"

namespace temper::testing {

/// NcclGroup with its stages in this process's memory, its collectives made by another communicator
/// (ranks as threads): what NcclCommunicator is tested over. It checks what NCCL would not forgive:
/// that nothing is beyond a stage, and that pairs agree about sizes. Errors of the other
/// communicator are kPeerLost.
class MemoryNcclGroup final : public comm::NcclGroup {
 public:
  /// `on_abort` is to end what waits in `ranks`. Without it abort() only fails later calls.
  MemoryNcclGroup(comm::Communicator& ranks, std::size_t stage_bytes,
                  std::function<void()> on_abort = {});

  int rank() const override { return ranks_.rank(); }
  int size() const override { return ranks_.size(); }
  std::span<std::byte> outgoing() override { return outgoing_; }
  std::span<std::byte> incoming() override { return incoming_; }
  void copy(std::span<const std::byte> from, std::span<std::byte> to) override;
  void broadcast(std::size_t size, int root) override;
  void all_gather(std::size_t size) override;
  void all_to_all(std::span<const std::size_t> sends,
                  std::span<const std::size_t> receives) override;
  void abort() noexcept override;

  /// The next collective fails so.
  void fail_next(comm::NcclFailure failure) { failure_ = std::move(failure); }
  bool aborted() const { return aborted_; }
  int collectives() const { return collectives_; }

 private:
  template <class Work>
  void collective(const Work& work);

  comm::Communicator& ranks_;
  std::function<void()> on_abort_;
  std::vector<std::byte> outgoing_, incoming_;
  std::optional<comm::NcclFailure> failure_;
  std::atomic<bool> aborted_ = false;
  int collectives_ = 0;
};

}  // namespace temper::testing
