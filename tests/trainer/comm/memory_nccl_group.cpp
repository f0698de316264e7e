#include "tests/trainer/comm/memory_nccl_group.h"

#include <algorithm>
#include <utility>

#include "core/base/check.h"
#include "core/base/error.h"

namespace temper::testing {

using comm::NcclFailure;

MemoryNcclGroup::MemoryNcclGroup(comm::Communicator& ranks, std::size_t stage_bytes,
                                 std::function<void()> on_abort)
    : ranks_(ranks),
      on_abort_(std::move(on_abort)),
      outgoing_(stage_bytes),
      incoming_(stage_bytes) {}

void MemoryNcclGroup::copy(std::span<const std::byte> from, std::span<std::byte> to) {
  CHECK(from.size() == to.size(), "{} bytes into {}", from.size(), to.size());
  std::copy(from.begin(), from.end(), to.begin());
}

void MemoryNcclGroup::broadcast(std::size_t size, int root) {
  collective([&] { ranks_.broadcast(std::span(outgoing_).first(size), root); });
}

void MemoryNcclGroup::all_gather(std::size_t size) {
  std::vector<std::size_t> offsets;
  for (int r = 0; r <= ranks_.size(); ++r) {
    offsets.push_back(size * static_cast<std::size_t>(r));
  }
  CHECK(offsets.back() <= incoming_.size(), "{} bytes into {}", offsets.back(), incoming_.size());
  const auto place = incoming_.begin() + static_cast<std::ptrdiff_t>(size) * ranks_.rank();
  std::copy_n(outgoing_.begin(), size, place);
  collective([&] { ranks_.all_gather_into(incoming_, offsets); });
}

void MemoryNcclGroup::all_to_all(std::span<const std::size_t> sends,
                                 std::span<const std::size_t> receives) {
  const auto parts_of = [](std::span<std::byte> stage, std::span<const std::size_t> sizes) {
    std::vector<std::span<std::byte>> parts;
    std::size_t begin = 0;
    for (const std::size_t size : sizes) {
      CHECK(begin + size <= stage.size(), "{} bytes into {}", begin + size, stage.size());
      parts.push_back(stage.subspan(begin, size));
      begin += size;
    }
    return parts;
  };
  const auto outgoing = parts_of(outgoing_, sends);
  collective([&] {
    ranks_.all_to_all_into({outgoing.begin(), outgoing.end()}, parts_of(incoming_, receives));
  });
}

void MemoryNcclGroup::abort() noexcept {
  if (!aborted_.exchange(true) && on_abort_) {
    on_abort_();
  }
}

template <class Work>
void MemoryNcclGroup::collective(const Work& work) {
  if (aborted_) {
    throw NcclFailure(NcclFailure::Kind::kPeerLost, "the group was aborted");
  }
  if (const auto failure = std::exchange(failure_, std::nullopt)) {
    throw *failure;
  }
  ++collectives_;
  try {
    work();
  } catch (const RetryableError& error) {
    throw NcclFailure(NcclFailure::Kind::kPeerLost, error.what());
  }
}

}  // namespace temper::testing
