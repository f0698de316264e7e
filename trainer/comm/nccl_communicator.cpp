#include "trainer/comm/nccl_communicator.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

#include "core/base/check.h"
#include "core/base/error.h"

namespace temper::comm {
namespace {

/// NCCL is quicker where pieces begin on such a boundary.
constexpr std::size_t kAlignment = 128;

/// The part of `bytes` that goes in the round that begins at `begin`.
template <class Span>
Span part_of(Span bytes, std::size_t begin, std::size_t most) {
  return begin < bytes.size() ? bytes.subspan(begin, std::min(most, bytes.size() - begin)) : Span();
}

}  // namespace

NcclCommunicator::NcclCommunicator(std::unique_ptr<NcclGroup> group,
                                   std::unique_ptr<MeetingPlace> place)
    : place_(std::move(place)), group_(std::move(group)) {
  CHECK(piece_size() >= sizeof(std::uint64_t), "stages of {} bytes for {} ranks",
        group_->outgoing().size(), size());
}

void NcclCommunicator::barrier() {
  attempt("barrier", [&] { group_->all_gather(1); });
}

void NcclCommunicator::broadcast(std::span<std::byte> bytes, int root) {
  CHECK(0 <= root && root < size(), "root {} of {}", root, size());
  attempt("broadcast", [&] {
    const std::span<std::byte> stage = group_->outgoing();
    for (std::size_t begin = 0; begin < bytes.size(); begin += stage.size()) {
      const std::span<std::byte> part = part_of(bytes, begin, stage.size());
      const std::span<std::byte> staged = stage.first(part.size());
      if (rank() == root) {
        group_->copy(part, staged);
      }
      group_->broadcast(part.size(), root);
      if (rank() != root) {
        group_->copy(staged, part);
      }
    }
  });
}

std::vector<std::vector<std::byte>> NcclCommunicator::all_gather(std::span<const std::byte> bytes) {
  std::vector<std::vector<std::byte>> parts;
  std::vector<std::size_t> offsets = {0};
  attempt("all_gather of sizes", [&] {
    for (const std::size_t size : gather_sizes(bytes.size())) {
      parts.emplace_back(size);
      offsets.push_back(offsets.back() + size);
    }
  });
  std::vector<std::byte> all(offsets.back());
  std::copy(bytes.begin(), bytes.end(), all.begin() + static_cast<std::ptrdiff_t>(offsets[own()]));
  all_gather_into(all, offsets);
  for (std::size_t r = 0; r < num_ranks(); ++r) {
    std::copy_n(all.begin() + static_cast<std::ptrdiff_t>(offsets[r]), parts[r].size(),
                parts[r].begin());
  }
  return parts;
}

std::vector<std::vector<std::byte>> NcclCommunicator::all_to_all(
    const std::vector<std::span<const std::byte>>& send) {
  CHECK(send.size() == num_ranks(), "{} parts for {} ranks", send.size(), size());
  std::vector<std::uint64_t> sizes;
  for (const std::span<const std::byte> part : send) {
    sizes.push_back(part.size());
  }
  std::vector<std::uint64_t> received_sizes(num_ranks());
  std::vector<std::span<const std::byte>> send_sizes;
  std::vector<std::span<std::byte>> receive_sizes;
  for (std::size_t r = 0; r < num_ranks(); ++r) {
    send_sizes.push_back(std::as_bytes(std::span(&sizes[r], 1)));
    receive_sizes.push_back(std::as_writable_bytes(std::span(&received_sizes[r], 1)));
  }
  all_to_all_into(send_sizes, receive_sizes);
  std::vector<std::vector<std::byte>> parts;
  for (const std::uint64_t size : received_sizes) {
    parts.emplace_back(size);
  }
  all_to_all_into(send, {parts.begin(), parts.end()});
  return parts;
}

void NcclCommunicator::all_to_all_into(const std::vector<std::span<const std::byte>>& send,
                                       const std::vector<std::span<std::byte>>& receive) {
  CHECK(send.size() == num_ranks() && receive.size() == num_ranks(), "{} and {} parts for {} ranks",
        send.size(), receive.size(), size());
  CHECK(send[own()].size() == receive[own()].size(), "{} bytes into {}", send[own()].size(),
        receive[own()].size());
  attempt("all_to_all", [&] { exchange(send, receive); });
}

void NcclCommunicator::all_gather_into(std::span<std::byte> all,
                                       std::span<const std::size_t> offsets) {
  CHECK(offsets.size() == num_ranks() + 1 && std::is_sorted(offsets.begin(), offsets.end()) &&
            offsets.back() <= all.size(),
        "{} offsets for {} ranks and {} bytes", offsets.size(), size(), all.size());
  const auto chunk_of = [&](std::size_t r) {
    return all.subspan(offsets[r], offsets[r + 1] - offsets[r]);
  };
  std::size_t longest = 0;
  for (std::size_t r = 0; r < num_ranks(); ++r) {
    longest = std::max(longest, chunk_of(r).size());
  }
  attempt("all_gather", [&] {
    for (std::size_t begin = 0; begin < longest; begin += piece_size()) {
      const std::size_t piece = std::min(piece_size(), longest - begin);
      const std::span<std::byte> mine = part_of(chunk_of(own()), begin, piece);
      group_->copy(mine, group_->outgoing().first(mine.size()));
      group_->all_gather(piece);  // shorter chunks are followed by what lies behind them
      for (std::size_t r = 0; r < num_ranks(); ++r) {
        const std::span<std::byte> place = part_of(chunk_of(r), begin, piece);
        if (r != own()) {
          group_->copy(group_->incoming().subspan(r * piece, place.size()), place);
        }
      }
    }
  });
}

void NcclCommunicator::give_up(const std::string& reason) {
  {
    const std::lock_guard lock(mutex_);
    if (reason_.empty()) {
      reason_ = reason;
    }
  }
  group_->abort();
}

template <class Work>
void NcclCommunicator::attempt(const char* operation, const Work& work) {
  try {
    work();
  } catch (const NcclFailure& failure) {
    fail(operation, failure);
  }
}

void NcclCommunicator::fail(const char* operation, const NcclFailure& failure) {
  group_->abort();
  const std::string where = fmt::format("rank {} of {}: NCCL {}", rank(), size(), operation);
  {
    const std::lock_guard lock(mutex_);
    if (!reason_.empty()) {
      throw RetryableError(fmt::format("{} was given up: {}", where, reason_));
    }
  }
  if (failure.kind() == NcclFailure::Kind::kOutOfMemory) {
    throw out_of_memory(where, failure);
  }
  throw RetryableError(fmt::format("{} failed: {}", where, failure.what()));
}

/// Bytes that one rank may hand to each of the others in a round.
std::size_t NcclCommunicator::piece_size() const {
  const std::size_t even = group_->outgoing().size() / num_ranks();
  return even > kAlignment ? even / kAlignment * kAlignment : even;
}

std::vector<std::size_t> NcclCommunicator::gather_sizes(std::size_t size) {
  const std::uint64_t mine = size;
  std::vector<std::uint64_t> sizes(num_ranks());
  group_->copy(std::as_bytes(std::span(&mine, 1)), group_->outgoing().first(sizeof(mine)));
  group_->all_gather(sizeof(mine));
  group_->copy(group_->incoming().first(sizeof(mine) * sizes.size()),
               std::as_writable_bytes(std::span(sizes)));
  return {sizes.begin(), sizes.end()};
}

/// Rounds are the same everywhere, or ranks would wait in rounds that others don't make: so many
/// as the longest message of all takes.
void NcclCommunicator::exchange(const std::vector<std::span<const std::byte>>& send,
                                const std::vector<std::span<std::byte>>& receive) {
  std::size_t longest = 0;
  for (const std::span<const std::byte> part : send) {
    longest = std::max(longest, part.size());
  }
  const std::vector<std::size_t> sizes = gather_sizes(longest);
  longest = *std::max_element(sizes.begin(), sizes.end());
  group_->copy(send[own()], receive[own()]);
  for (std::size_t begin = 0; begin < longest; begin += piece_size()) {
    std::vector<std::size_t> send_sizes(num_ranks(), 0);
    std::vector<std::size_t> receive_sizes(num_ranks(), 0);
    std::size_t filled = 0;
    for (std::size_t r = 0; r < num_ranks(); ++r) {
      if (r != own()) {
        const auto part = part_of(send[r], begin, piece_size());
        group_->copy(part, group_->outgoing().subspan(filled, part.size()));
        filled += part.size();
        send_sizes[r] = part.size();
        receive_sizes[r] = part_of(receive[r], begin, piece_size()).size();
      }
    }
    group_->all_to_all(send_sizes, receive_sizes);
    std::size_t taken = 0;
    for (std::size_t r = 0; r < num_ranks(); ++r) {
      if (r != own()) {
        group_->copy(group_->incoming().subspan(taken, receive_sizes[r]),
                     part_of(receive[r], begin, piece_size()));
        taken += receive_sizes[r];
      }
    }
  }
}

}  // namespace temper::comm
