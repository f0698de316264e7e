#include "trainer/comm/mpi_communicator.h"

#include <fmt/format.h>
#include <mpi.h>

#include <algorithm>
#include <limits>
#include <string_view>

#include "core/base/check.h"
#include "core/base/error.h"
#include "trainer/comm/mpi_session.h"

// Collectives count in int and need one buffer, so they serve where that fits: sizes, broadcasts
// and gathers up to the largest message. All-to-all goes point to point: the callers' buffers lie
// anywhere, no copy is made, and a pair of ranks needs no agreement with the others on how many
// messages its bytes take.

namespace temper::comm {
namespace {

class MpiCommunicator final : public Communicator {
 public:
  explicit MpiCommunicator(std::size_t max_message_bytes) : max_message_bytes_(max_message_bytes) {
    CHECK(max_message_bytes > 0 &&
              max_message_bytes <= static_cast<std::size_t>(std::numeric_limits<int>::max()),
          "messages of {} bytes", max_message_bytes);
    check(MPI_Comm_rank(MPI_COMM_WORLD, &rank_), "MPI_Comm_rank");
    check(MPI_Comm_size(MPI_COMM_WORLD, &size_), "MPI_Comm_size");
  }

  int rank() const override { return rank_; }
  int size() const override { return size_; }
  std::string name() const override { return "mpi"; }

  void barrier() override { check(MPI_Barrier(MPI_COMM_WORLD), "barrier"); }

  void broadcast(std::span<std::byte> bytes, int root) override {
    CHECK(0 <= root && root < size_, "root {} of {}", root, size_);
    while (!bytes.empty()) {
      const auto message = bytes.first(std::min(bytes.size(), max_message_bytes_));
      check(MPI_Bcast(message.data(), static_cast<int>(message.size()), MPI_BYTE, root,
                      MPI_COMM_WORLD),
            "broadcast", root);
      bytes = bytes.subspan(message.size());
    }
  }

  std::vector<std::vector<std::byte>> all_gather(std::span<const std::byte> bytes) override {
    const std::uint64_t own_size = bytes.size();
    std::vector<std::uint64_t> sizes(num_ranks());
    check(MPI_Allgather(&own_size, 1, MPI_UINT64_T, sizes.data(), 1, MPI_UINT64_T, MPI_COMM_WORLD),
          "all_gather of sizes");
    std::vector<std::size_t> offsets(num_ranks() + 1, 0);
    for (std::size_t r = 0; r < num_ranks(); ++r) {
      offsets[r + 1] = offsets[r] + sizes[r];
    }
    std::vector<std::byte> all(offsets.back());
    std::copy(bytes.begin(), bytes.end(),
              all.begin() + static_cast<std::ptrdiff_t>(offsets[static_cast<std::size_t>(rank_)]));
    all_gather_into(all, offsets);
    std::vector<std::vector<std::byte>> parts;
    for (std::size_t r = 0; r < num_ranks(); ++r) {
      const auto part = std::span(all).subspan(offsets[r], sizes[r]);
      parts.emplace_back(part.begin(), part.end());
    }
    return parts;
  }

  std::vector<std::vector<std::byte>> all_to_all(
      const std::vector<std::span<const std::byte>>& send) override {
    CHECK(send.size() == num_ranks(), "{} parts for {} ranks", send.size(), size_);
    std::vector<std::uint64_t> send_sizes;
    for (const auto& part : send) {
      send_sizes.push_back(part.size());
    }
    std::vector<std::uint64_t> sizes(num_ranks());
    check(MPI_Alltoall(send_sizes.data(), 1, MPI_UINT64_T, sizes.data(), 1, MPI_UINT64_T,
                       MPI_COMM_WORLD),
          "all_to_all of sizes");
    std::vector<std::vector<std::byte>> parts;
    for (const std::uint64_t size : sizes) {
      parts.emplace_back(size);
    }
    all_to_all_into(send, {parts.begin(), parts.end()});
    return parts;
  }

  void all_to_all_into(const std::vector<std::span<const std::byte>>& send,
                       const std::vector<std::span<std::byte>>& receive) override {
    CHECK(send.size() == num_ranks() && receive.size() == num_ranks(),
          "{} and {} parts for {} ranks", send.size(), receive.size(), size_);
    const auto own = static_cast<std::size_t>(rank_);
    CHECK(send[own].size() == receive[own].size(), "{} bytes into {}", send[own].size(),
          receive[own].size());
    std::copy(send[own].begin(), send[own].end(), receive[own].begin());
    std::vector<MPI_Request> requests;
    // Starting with the neighbour, so that not all ranks send to rank 0 first.
    for (int step = 1; step < size_; ++step) {
      post_receives((rank_ + size_ - step) % size_, receive, requests);
    }
    for (int step = 1; step < size_; ++step) {
      post_sends((rank_ + step) % size_, send, requests);
    }
    check(MPI_Waitall(static_cast<int>(requests.size()), requests.data(), MPI_STATUSES_IGNORE),
          "all_to_all");
  }

  void all_gather_into(std::span<std::byte> all, std::span<const std::size_t> offsets) override {
    CHECK(offsets.size() == num_ranks() + 1 && std::is_sorted(offsets.begin(), offsets.end()) &&
              offsets.back() <= all.size(),
          "{} offsets for {} ranks and {} bytes", offsets.size(), size_, all.size());
    if (offsets.back() > max_message_bytes_) {
      for (int r = 0; r < size_; ++r) {
        const auto index = static_cast<std::size_t>(r);
        broadcast(all.subspan(offsets[index], offsets[index + 1] - offsets[index]), r);
      }
      return;
    }
    std::vector<int> counts;
    std::vector<int> displacements;
    for (std::size_t r = 0; r < num_ranks(); ++r) {
      counts.push_back(static_cast<int>(offsets[r + 1] - offsets[r]));
      displacements.push_back(static_cast<int>(offsets[r]));
    }
    check(MPI_Allgatherv(MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, all.data(), counts.data(),
                         displacements.data(), MPI_BYTE, MPI_COMM_WORLD),
          "all_gather");
  }

 private:
  static constexpr int kTag = 1;  // messages between two ranks keep their order

  std::size_t num_ranks() const { return static_cast<std::size_t>(size_); }

  void post_receives(int peer, const std::vector<std::span<std::byte>>& receive,
                     std::vector<MPI_Request>& requests) {
    auto rest = receive[static_cast<std::size_t>(peer)];
    while (!rest.empty()) {
      const auto message = rest.first(std::min(rest.size(), max_message_bytes_));
      check(MPI_Irecv(message.data(), static_cast<int>(message.size()), MPI_BYTE, peer, kTag,
                      MPI_COMM_WORLD, &requests.emplace_back()),
            "all_to_all: receiving", peer);
      rest = rest.subspan(message.size());
    }
  }

  void post_sends(int peer, const std::vector<std::span<const std::byte>>& send,
                  std::vector<MPI_Request>& requests) {
    auto rest = send[static_cast<std::size_t>(peer)];
    while (!rest.empty()) {
      const auto message = rest.first(std::min(rest.size(), max_message_bytes_));
      check(MPI_Isend(message.data(), static_cast<int>(message.size()), MPI_BYTE, peer, kTag,
                      MPI_COMM_WORLD, &requests.emplace_back()),
            "all_to_all: sending", peer);
      rest = rest.subspan(message.size());
    }
  }

  void check(int code, std::string_view operation, int peer = -1) {
    if (code == MPI_SUCCESS) {
      return;
    }
    session_.abandon();
    char text[MPI_MAX_ERROR_STRING] = {};
    int length = 0;
    MPI_Error_string(code, text, &length);
    const std::string with = peer < 0 ? "" : fmt::format(" with rank {}", peer);
    throw RetryableError(fmt::format("rank {} of {}: MPI {}{} failed: {}", rank_, size_, operation,
                                     with,
                                     std::string_view(text, static_cast<std::size_t>(length))));
  }

  MpiSession session_;
  std::size_t max_message_bytes_;
  int rank_ = 0;
  int size_ = 1;
};

}  // namespace

std::unique_ptr<Communicator> open_mpi_communicator(std::size_t max_message_bytes) {
  return std::make_unique<MpiCommunicator>(max_message_bytes);
}

}  // namespace temper::comm
