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
  return model::FloatBuffer(size_, memory_);
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

void OrderedSum::finish(comm::Communicator& communicator, const std::vector<SlotRange>& ranges,
                        std::span<const std::size_t> offsets, std::span<float> part) {
  const int num_ranks = communicator.size();
  const auto rank = static_cast<std::size_t>(communicator.rank());
  std::vector<std::vector<TreeNode>> nodes;
  std::size_t rounds = 0;
  for (const SlotRange& range : ranges) {
    nodes.push_back(covering_nodes(num_slots_, range.first, range.second));
    rounds = std::max(rounds, nodes.back().size());
  }
  CHECK(offsets.size() == ranges.size() + 1 && offsets.back() == size_ &&
            part.size() == offsets[rank + 1] - offsets[rank],
        "{} offsets, {} floats of {}", offsets.size(), part.size(), size_);

  // Round i moves every rank's i-th node, straight out of and into place.
  std::map<std::int64_t, std::pair<TreeNode, std::span<float>>> parts;
  std::vector<model::FloatBuffer> received;
  for (std::size_t round = 0; round < rounds; ++round) {
    std::vector<std::span<const std::byte>> send(static_cast<std::size_t>(num_ranks));
    std::vector<std::span<std::byte>> receive(static_cast<std::size_t>(num_ranks));
    for (std::size_t peer = 0; peer < ranges.size(); ++peer) {
      if (round < nodes[rank].size()) {
        const TreeNode node = nodes[rank][round];
        const std::span<const float> all = ready_.at({node.begin, node.end}).span();
        send[peer] = std::as_bytes(all.subspan(offsets[peer], offsets[peer + 1] - offsets[peer]));
      }
      if (round < nodes[peer].size()) {
        const std::span<float> place = received.emplace_back(part.size()).span();
        parts[nodes[peer][round].begin] = {nodes[peer][round], place};
        receive[peer] = std::as_writable_bytes(place);
      }
    }
    communicator.all_to_all_into(send, receive);
  }
  const std::span<const float> sum = sum_node({0, num_slots_}, parts);
  std::copy(sum.begin(), sum.end(), part.begin());
  for (auto& [node, buffer] : ready_) {
    unused_.push_back(std::move(buffer));
  }
  ready_.clear();
}

}  // namespace temper::train
