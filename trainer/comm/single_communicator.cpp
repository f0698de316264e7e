#include "trainer/comm/single_communicator.h"

#include <algorithm>

#include "core/base/check.h"

namespace temper::comm {

void SingleCommunicator::broadcast(std::span<std::byte> /*bytes*/, int root) {
  CHECK(root == 0, "root {} of 1", root);
}

std::vector<std::vector<std::byte>> SingleCommunicator::all_gather(
    std::span<const std::byte> bytes) {
  return {{bytes.begin(), bytes.end()}};
}

std::vector<std::vector<std::byte>> SingleCommunicator::all_to_all(
    const std::vector<std::span<const std::byte>>& send) {
  CHECK(send.size() == 1, "{} parts for 1 rank", send.size());
  return {{send[0].begin(), send[0].end()}};
}

void SingleCommunicator::all_to_all_into(const std::vector<std::span<const std::byte>>& send,
                                         const std::vector<std::span<std::byte>>& receive) {
  CHECK(send.size() == 1 && receive.size() == 1, "{} and {} parts for 1 rank", send.size(),
        receive.size());
  CHECK(send[0].size() == receive[0].size(), "{} bytes into {}", send[0].size(), receive[0].size());
  std::copy(send[0].begin(), send[0].end(), receive[0].begin());
}

void SingleCommunicator::all_gather_into(std::span<std::byte> all,
                                         std::span<const std::size_t> offsets) {
  CHECK(offsets.size() == 2 && offsets[0] <= offsets[1] && offsets[1] <= all.size(),
        "{} offsets for 1 rank and {} bytes", offsets.size(), all.size());
}

}  // namespace temper::comm
