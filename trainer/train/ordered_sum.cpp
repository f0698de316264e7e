#include "trainer/train/ordered_sum.h"

#include <algorithm>
#include <optional>

#include "core/base/check.h"

namespace temper::train {
namespace {

void add_into(std::span<const float> from, std::span<float> to) {
  for (std::size_t i = 0; i < to.size(); ++i) {
    to[i] += from[i];
  }
}

/// Adds up the part of `node`: a buffer that some rank sent, or the sum of its two halves.
/// Returns the span that holds the sum (the left half's).
std::span<float> sum_node(
    TreeNode node, const std::map<std::int64_t, std::pair<TreeNode, std::span<float>>>& parts) {
  const auto found = parts.find(node.begin);
  if (found != parts.end() && found->second.first == node) {
    return found->second.second;
  }
  const Children children = children_of(node);
  const std::span<float> left = sum_node(children.left, parts);
  add_into(sum_node(children.right, parts), left);
  return left;
}

}  // namespace

void OrderedSum::begin(std::int64_t num_slots, SlotRange range) {
  for (auto& [node, buffer] : ready_) {
    unused_.push_back(std::move(buffer));
  }
  ready_.clear();
  num_slots_ = num_slots;
  range_ = range;
}

model::FloatBuffer OrderedSum::take_buffer() {
  {
    const std::lock_guard lock(mutex_);
    if (!unused_.empty()) {
      model::FloatBuffer buffer = std::move(unused_.back());
      unused_.pop_back();
      return buffer;
    }
    ++num_buffers_;
  }
  return model::FloatBuffer::zeros(size_, memory_);
}

std::size_t OrderedSum::num_buffers() const {
  const std::lock_guard lock(mutex_);
  return num_buffers_;
}

void OrderedSum::recycle(model::FloatBuffer buffer) {
  const std::lock_guard lock(mutex_);
  unused_.push_back(std::move(buffer));
}

void OrderedSum::add(std::int64_t slot, model::FloatBuffer gradient) {
  CHECK(range_.first <= slot && slot < range_.second, "slot {} outside [{}, {})", slot,
        range_.first, range_.second);
  TreeNode node{slot, slot + 1};
  while (node.size() < num_slots_) {
    const TreeNode parent = parent_of(node, num_slots_);
    if (parent.begin < range_.first || range_.second < parent.end) {
      break;
    }
    const bool is_left = parent.begin == node.begin;
    const TreeNode sibling =
        is_left ? TreeNode{node.end, parent.end} : TreeNode{parent.begin, node.begin};
    std::optional<model::FloatBuffer> other;
    {
      const std::lock_guard lock(mutex_);
      const auto found = ready_.find({sibling.begin, sibling.end});
      if (found == ready_.end()) {
        ready_.emplace(std::pair(node.begin, node.end), std::move(gradient));
        return;
      }
      other = std::move(found->second);
      ready_.erase(found);
    }
    add_into(other->span(), gradient.span());  // a + b has the bits of b + a
    recycle(std::move(*other));
    node = parent;
  }
  const std::lock_guard lock(mutex_);
  ready_.emplace(std::pair(node.begin, node.end), std::move(gradient));
}

std::span<float> OrderedSum::finish(comm::Communicator& communicator,
                                    const std::vector<SlotRange>& ranges,
                                    std::span<const std::size_t> offsets) {
  const auto rank = static_cast<std::size_t>(communicator.rank());
  CHECK(offsets.size() == ranges.size() + 1 && offsets.back() == size_, "{} offsets, {} floats",
        offsets.size(), size_);
  std::vector<std::vector<TreeNode>> nodes;
  std::size_t rounds = 0;
  for (const SlotRange& range : ranges) {
    nodes.push_back(covering_nodes(num_slots_, range.first, range.second));
    rounds = std::max(rounds, nodes.back().size());
  }
  const auto part_of = [&](TreeNode node, std::size_t r) {
    return ready_.at({node.begin, node.end})
        .span()
        .subspan(offsets[r], offsets[r + 1] - offsets[r]);
  };

  // Round i moves every rank's i-th node, straight out of and into place. What this rank holds
  // itself stays where it is, and is summed there.
  const std::size_t part_size = offsets[rank + 1] - offsets[rank];
  std::map<std::int64_t, std::pair<TreeNode, std::span<float>>> parts;
  std::size_t num_received = 0;
  for (std::size_t round = 0; round < rounds; ++round) {
    std::vector<std::span<const std::byte>> send(ranges.size());
    std::vector<std::span<std::byte>> receive(ranges.size());
    for (std::size_t peer = 0; peer < ranges.size(); ++peer) {
      if (peer != rank && round < nodes[rank].size()) {
        send[peer] = std::as_bytes(part_of(nodes[rank][round], peer));
      }
      if (round < nodes[peer].size()) {
        const TreeNode node = nodes[peer][round];
        const std::span<float> place =
            peer == rank ? part_of(node, rank) : received(num_received++, part_size);
        parts[node.begin] = {node, place};
        receive[peer] = peer == rank ? std::span<std::byte>() : std::as_writable_bytes(place);
      }
    }
    communicator.all_to_all_into(send, receive);
  }
  return sum_node({0, num_slots_}, parts);
}

std::span<float> OrderedSum::received(std::size_t index, std::size_t size) {
  if (index == received_.size()) {
    received_.emplace_back(size);
  }
  received_[index].reserve(device::host_memory(), size);
  return received_[index].span().first(size);
}

}  // namespace temper::train
