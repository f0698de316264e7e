#include "trainer/train/step_batch.h"

#include <algorithm>

#include "core/base/check.h"
#include "core/data/slots.h"
#include "trainer/train/wire.h"

namespace temper::train {
namespace {

/// A sequence of the step, known to all ranks by its length; its tokens are with `owner`.
struct Item {
  std::uint64_t position = 0;
  std::uint32_t piece = 0;
  std::uint32_t length = 0;
  std::uint32_t num_trained = 0;
  int owner = 0;
};

struct ItemHeader {
  std::uint64_t position;
  std::uint32_t piece, length, num_trained, reserved;
};

std::vector<std::byte> describe(std::span<const data::PreparedSample> prepared) {
  MessageWriter message;
  std::int64_t dropped = 0;
  std::int64_t truncated = 0;
  for (const data::PreparedSample& sample : prepared) {
    dropped += sample.dropped_tokens;
    truncated += sample.truncated_tokens;
  }
  message.put(dropped);
  message.put(truncated);
  for (const data::PreparedSample& sample : prepared) {
    for (std::size_t piece = 0; piece < sample.pieces.size(); ++piece) {
      message.put(ItemHeader{sample.position, static_cast<std::uint32_t>(piece),
                             static_cast<std::uint32_t>(sample.pieces[piece].ids.size()),
                             static_cast<std::uint32_t>(sample.pieces[piece].num_trained()), 0});
    }
  }
  return {message.bytes().begin(), message.bytes().end()};
}

std::vector<Item> gather_items(comm::Communicator& communicator,
                               std::span<const data::PreparedSample> prepared, StepBatch& batch) {
  std::vector<Item> items;
  const std::vector<std::vector<std::byte>> messages = communicator.all_gather(describe(prepared));
  for (std::size_t owner = 0; owner < messages.size(); ++owner) {
    MessageReader message(messages[owner]);
    batch.dropped_tokens += message.get<std::int64_t>();
    batch.truncated_tokens += message.get<std::int64_t>();
    while (!message.empty()) {
      const auto header = message.get<ItemHeader>();
      items.push_back({header.position, header.piece, header.length, header.num_trained,
                       static_cast<int>(owner)});
      batch.num_tokens += header.length;
      batch.num_trained += header.num_trained;
    }
  }
  std::sort(items.begin(), items.end(), [](const Item& a, const Item& b) {
    return std::pair(a.position, a.piece) < std::pair(b.position, b.piece);
  });
  return items;
}

const text::EncodedSample& find_piece(std::span<const data::PreparedSample> prepared,
                                      const Item& item) {
  const auto sample = std::find_if(
      prepared.begin(), prepared.end(),
      [&](const data::PreparedSample& each) { return each.position == item.position; });
  CHECK(sample != prepared.end(), "position {} is not here", item.position);
  return sample->pieces.at(item.piece);
}

void append(const text::EncodedSample& sample, model::PackedSequences& sequences) {
  sequences.ids.insert(sequences.ids.end(), sample.ids.begin(), sample.ids.end());
  sequences.trained.insert(sequences.trained.end(), sample.trained.begin(), sample.trained.end());
  sequences.offsets.push_back(static_cast<std::int32_t>(sequences.ids.size()));
}

}  // namespace

StepBatch assemble_step(comm::Communicator& communicator,
                        std::span<const data::PreparedSample> prepared, std::int64_t num_slots) {
  StepBatch batch;
  batch.num_slots = num_slots;
  const std::vector<Item> items = gather_items(communicator, prepared, batch);
  std::vector<std::int64_t> lengths;
  for (const Item& item : items) {
    lengths.push_back(item.length);
  }
  const std::vector<std::vector<std::uint32_t>> dealt = data::deal_to_slots(lengths, num_slots);
  std::vector<std::int64_t> slot_tokens;
  for (const std::vector<std::uint32_t>& slot : dealt) {
    std::int64_t total = 0;
    for (const std::uint32_t item : slot) {
      total += lengths[item];
    }
    slot_tokens.push_back(total);
  }
  batch.ranges = data::split_slots(slot_tokens, communicator.size());

  // Both sides walk the slots in the same order, so no headers travel with the tokens.
  const auto rank = communicator.rank();
  std::vector<MessageWriter> outgoing(static_cast<std::size_t>(communicator.size()));
  for (std::size_t peer = 0; peer < outgoing.size(); ++peer) {
    for (std::int64_t slot = batch.ranges[peer].first; slot < batch.ranges[peer].second; ++slot) {
      for (const std::uint32_t index : dealt[static_cast<std::size_t>(slot)]) {
        if (items[index].owner == rank) {
          const text::EncodedSample& sample = find_piece(prepared, items[index]);
          outgoing[peer].put_all(std::span<const std::int32_t>(sample.ids));
          outgoing[peer].put_all(std::span<const std::uint8_t>(sample.trained));
        }
      }
    }
  }
  std::vector<std::span<const std::byte>> send;
  for (const MessageWriter& message : outgoing) {
    send.push_back(message.bytes());
  }
  const std::vector<std::vector<std::byte>> received = communicator.all_to_all(send);
  std::vector<MessageReader> incoming(received.begin(), received.end());
  const auto [first, last] = batch.ranges[static_cast<std::size_t>(rank)];
  for (std::int64_t slot = first; slot < last; ++slot) {
    model::PackedSequences& sequences = batch.slots.emplace_back();
    for (const std::uint32_t index : dealt[static_cast<std::size_t>(slot)]) {
      text::EncodedSample sample;
      sample.ids.resize(items[index].length);
      sample.trained.resize(items[index].length);
      MessageReader& message = incoming[static_cast<std::size_t>(items[index].owner)];
      message.get_all(std::span<std::int32_t>(sample.ids));
      message.get_all(std::span<std::uint8_t>(sample.trained));
      append(sample, sequences);
    }
  }
  return batch;
}

}  // namespace temper::train
