#pragma once

#include "trainer/comm/communicator.h"

namespace temper::comm {

/// The group of one: every operation is a copy or nothing.
class SingleCommunicator final : public Communicator {
 public:
  int rank() const override { return 0; }
  int size() const override { return 1; }
  std::string name() const override { return "single"; }

  void barrier() override {}
  void broadcast(std::span<std::byte> bytes, int root) override;
  std::vector<std::vector<std::byte>> all_gather(std::span<const std::byte> bytes) override;
  std::vector<std::vector<std::byte>> all_to_all(
      const std::vector<std::span<const std::byte>>& send) override;
  void all_to_all_into(const std::vector<std::span<const std::byte>>& send,
                       const std::vector<std::span<std::byte>>& receive) override;
  void all_gather_into(std::span<std::byte> all, std::span<const std::size_t> offsets) override;
};

}  // namespace temper::comm
