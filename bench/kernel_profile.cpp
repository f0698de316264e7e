// Where the time of a slot goes: forward and backward of one slot of random tokens on one thread,
// by kernel and shape. Usage: kernel_profile MODEL [TOKENS [SEQUENCES [REPEATS]]]

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <random>
#include <vector>

#include "bench/timed_kernels.h"
#include "core/model/base_model.h"
#include "core/model/parameters.h"
#include "trainer/model/initialize.h"
#include "trainer/model/llama.h"

namespace {

using namespace temper;

model::PackedSequences random_slot(std::int64_t tokens, std::int64_t sequences,
                                   std::int64_t vocabulary) {
  std::mt19937 random(1);
  model::PackedSequences slot;
  for (std::int64_t i = 0; i < sequences; ++i) {
    const std::int64_t length = tokens / sequences;
    for (std::int64_t t = 0; t < length; ++t) {
      slot.ids.push_back(static_cast<std::int32_t>(random() % static_cast<unsigned>(vocabulary)));
      slot.trained.push_back(t * 3 >= length ? 1 : 0);  // two thirds, as in chats
    }
    slot.offsets.push_back(static_cast<std::int32_t>(slot.ids.size()));
  }
  return slot;
}

void print(const bench::TimedKernels& timed, double wall_seconds) {
  using Row = std::pair<std::string, bench::TimedKernels::Entry>;
  std::vector<Row> rows(timed.entries().begin(), timed.entries().end());
  std::sort(rows.begin(), rows.end(),
            [](const Row& a, const Row& b) { return a.second.seconds > b.second.seconds; });
  double inside = 0;
  double flops = 0;
  for (const auto& [name, entry] : rows) {
    inside += entry.seconds;
    flops += entry.flops;
    fmt::print(
        "{:5.1f} %  {:<52} {:>6} calls  {}\n", 100 * entry.seconds / wall_seconds, name,
        entry.calls,
        entry.flops > 0 ? fmt::format("{:.1f} GFLOP/s", entry.flops / entry.seconds / 1e9) : "");
  }
  fmt::print("{:5.1f} %  outside of kernels\n", 100 * (1 - inside / wall_seconds));
  fmt::print("all: {:.3f} s, {:.1f} GFLOP/s of products\n", wall_seconds,
             flops / wall_seconds / 1e9);
}

}  // namespace

int main(int argc, char** argv) {
  const auto number = [&](int index, std::int64_t otherwise) {
    return argc > index ? std::atoll(argv[index]) : otherwise;
  };
  if (argc < 2) {
    fmt::print(stderr, "usage: kernel_profile MODEL [TOKENS [SEQUENCES [REPEATS]]]\n");
    return 2;
  }
  const std::int64_t tokens = number(2, 256);
  const std::int64_t sequences = number(3, 2);
  const std::int64_t repeats = number(4, 5);
  const auto base = model::BaseModel::open(argv[1]);
  recipe::Adapter adapter;
  const auto targets = model::resolve_lora_targets(base->config(), adapter);
  const auto llama = model::LlamaModel::with_lora(*base, targets, 0, tokens);
  auto parameters = model::FloatBuffer::zeros(llama->layout().size());
  auto gradient = model::FloatBuffer::zeros(llama->layout().size());
  model::initialize_lora(llama->layout(), 1, parameters.span());
  model::on_slot_worker_thread();
  const auto kernels = model::make_cpu_kernels();
  const model::PackedSequences slot =
      random_slot(tokens, sequences, base->config().vocabulary_size);
  model::SlotWorkspace workspace;
  llama->loss_and_gradient(*kernels, slot, parameters.data(), gradient.data(), {}, workspace);
  const bench::TimedKernels timed(*kernels);
  const auto begin = std::chrono::steady_clock::now();
  for (std::int64_t i = 0; i < repeats; ++i) {
    llama->loss_and_gradient(timed, slot, parameters.data(), gradient.data(), {}, workspace);
  }
  print(timed, std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
}
