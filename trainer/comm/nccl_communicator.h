#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "trainer/comm/communicator.h"
#include "trainer/comm/nccl_group.h"
#include "trainer/comm/nccl_meeting.h"

namespace temper::comm {

/// Ranks with a GPU each, over NCCL. The callers' bytes may lie in this process's memory or on the
/// GPU. They pass through the group's stages, so that the GPU memory that communication takes does
/// not grow with the model; what is longer goes in rounds.
///
/// A call that times out or fails aborts the group before it throws, so that the peers' calls fail
/// too instead of waiting.
class NcclCommunicator final : public Communicator {
 public:
  /// `place` is kept as long as the group, which goes on using rank 0's store.
  explicit NcclCommunicator(std::unique_ptr<NcclGroup> group,
                            std::unique_ptr<MeetingPlace> place = nullptr);

  int rank() const override { return group_->rank(); }
  int size() const override { return group_->size(); }
  std::string name() const override { return "nccl"; }

  void barrier() override;
  void broadcast(std::span<std::byte> bytes, int root) override;
  std::vector<std::vector<std::byte>> all_gather(std::span<const std::byte> bytes) override;
  std::vector<std::vector<std::byte>> all_to_all(
      const std::vector<std::span<const std::byte>>& send) override;
  void all_to_all_into(const std::vector<std::span<const std::byte>>& send,
                       const std::vector<std::span<std::byte>>& receive) override;
  void all_gather_into(std::span<std::byte> all, std::span<const std::size_t> offsets) override;

  /// Aborts the group; the first reason stays.
  void give_up(const std::string& reason) override;

 private:
  template <class Work>
  void attempt(const char* operation, const Work& work);
  [[noreturn]] void fail(const char* operation, const NcclFailure& failure);
  std::size_t num_ranks() const { return static_cast<std::size_t>(group_->size()); }
  std::size_t own() const { return static_cast<std::size_t>(group_->rank()); }
  std::size_t piece_size() const;
  std::vector<std::size_t> gather_sizes(std::size_t size);
  void exchange(const std::vector<std::span<const std::byte>>& send,
                const std::vector<std::span<std::byte>>& receive);

  std::unique_ptr<MeetingPlace> place_;
  std::unique_ptr<NcclGroup> group_;
  std::mutex mutex_;
  std::string reason_;  // guarded by mutex_; empty: not given up
};

}  // namespace temper::comm
