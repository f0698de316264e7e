#include "trainer/train/step_control.h"

#include <algorithm>

#include "trainer/train/wire.h"

namespace temper::train {

double StepReport::loss_sum() const {
  double total = 0;
  for (const SlotOutcome& slot : slots) {
    total += slot.loss_sum;
  }
  return total;
}

std::int64_t StepReport::first_non_finite_slot() const {
  const auto bad = std::find_if(slots.begin(), slots.end(),
                                [](const SlotOutcome& slot) { return !slot.finite; });
  return bad == slots.end() ? -1 : bad - slots.begin();
}

StepReport exchange_reports(comm::Communicator& communicator, const RankReport& report) {
  MessageWriter message;
  message.put(report.stop_requested);
  message.put(report.memory_bytes);
  message.put(report.store_requests);
  message.put(report.store_retries);
  message.put(report.slots.size());
  message.put_all(std::span<const SlotOutcome>(report.slots));
  message.put_all(std::span<const std::byte>(report.checkpoint_status));
  StepReport all;
  for (const std::vector<std::byte>& bytes : communicator.all_gather(message.bytes())) {
    MessageReader reader(bytes);
    all.stop_requested |= reader.get<bool>();
    all.memory_bytes = std::max(all.memory_bytes, reader.get<std::uint64_t>());
    all.store_requests += reader.get<std::uint64_t>();
    all.store_retries += reader.get<std::uint64_t>();
    std::vector<SlotOutcome> slots(reader.get<std::size_t>());
    reader.get_all(std::span<SlotOutcome>(slots));
    all.slots.insert(all.slots.end(), slots.begin(), slots.end());
    all.checkpoint_statuses.emplace_back(reader.rest().begin(), reader.rest().end());
  }
  return all;
}

}  // namespace temper::train
