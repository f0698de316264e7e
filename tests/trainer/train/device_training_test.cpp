// Whole runs, from the recipe to the exported result, on a device whose memory this process can't
// touch: ATen's operators over a FarMemory, against the same operators over this process's memory
// (same bits) and against the loops of CPUs (nearly the same numbers).

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <exception>
#include <list>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "core/base/clock.h"
#include "core/base/error.h"
#include "core/run/progress_record.h"
#include "core/run/run_layout.h"
#include "tests/support/temporary_directory.h"
#include "tests/support/thread_communicator.h"
#include "tests/trainer/model/far_kernels.h"
#include "trainer/comm/activity.h"
#include "trainer/model/fused_attention.h"
#include "trainer/train/training_run.h"

namespace temper::train {
namespace {

using model::Numbers;
using testing::FarKernels;
using testing::FarMemory;

constexpr int kSteps = 4;

constexpr const char* kRecipe = R"(
version: 1
name: tiny
seed: 7
model: {{base: {model}, name: org/tiny, dtype: {dtype}}}
{more}
data:
  train: [{{path: {chats}}}]
  eval: [{{path: {chats}}}]
  max_length: 256
batch: {{samples: 6, slots: 3}}
optimizer: {{lr: 2.0e-3, weight_decay: 0.01}}
duration: {{steps: {steps}}}
eval: {{every: 2, samples: 4}}
checkpoint: {{every: 2}}
)";
constexpr const char* kLora = "adapter: {rank: 4, alpha: 8, dropout: 0.1}\nmemory: low";
constexpr const char* kFull = "adapter: {type: none}";

std::string chats() {
  std::string lines;
  for (int i = 0; i < 24; ++i) {
    std::string answer = "the answer is";
    for (int word = 0; word < 1 + i * i % 19; ++word) {
      answer += fmt::format(" {}", (i * 5 + word) % 13);
    }
    lines += fmt::format(R"({{"messages": [{{"role": "user", "content": "what is {}?"}}, )"
                         R"({{"role": "assistant", "content": "{}"}}]}})"
                         "\n",
                         i, answer);
  }
  return lines;
}

/// What a run leaves behind.
struct Result {
  std::map<std::string, std::string> files;  // of the exported folder and of the last checkpoint
  std::vector<double> losses;
};

class DeviceTrainingTest : public ::testing::Test {
 protected:
  DeviceTrainingTest() { testing::write_file(folder_ / "chats.jsonl", chats()); }

  std::filesystem::path start(const std::string& name, const char* more,
                              const std::string& dtype = "auto") const {
    const std::filesystem::path run = folder_ / name;
    testing::write_file(run / "resolved.yaml",
                        fmt::format(fmt::runtime(kRecipe),
                                    fmt::arg("model", TEMPER_SOURCE_DIR "/tests/golden/tiny-model"),
                                    fmt::arg("dtype", dtype), fmt::arg("more", more),
                                    fmt::arg("chats", (folder_ / "chats.jsonl").string()),
                                    fmt::arg("steps", kSteps)));
    std::filesystem::create_directories(run::RunLayout{run}.logs());
    return run;
  }

  /// One rank's life; says so if it was asked to stop after `stop_after` steps.
  bool run_rank(const std::filesystem::path& run, comm::Communicator& communicator,
                const OpenKernels& open_kernels, int stop_after) {
    RunOptions options;
    options.run_directory = run;
    options.slot_workers = 2;
    options.attempt = "a1b2c3d4";
    options.open_kernels = open_kernels;
    const Logger logger(LogLevel::kWarning, "test");
    comm::Activity activity;
    const std::filesystem::path progress = run::RunLayout{run}.progress();
    try {
      run_training(options, communicator, logger, clock_, activity, [&] {
        const auto records = run::read_progress(progress);
        return !records.empty() && records.back().step >= stop_after;
      });
      return false;
    } catch (const StopRequested&) {
      return true;
    }
  }

  /// Every rank opens kernels of its own.
  Result train(const std::filesystem::path& run, const OpenKernels& open_kernels,
               int num_ranks = 1) {
    testing::ThreadGroup group(num_ranks, std::chrono::seconds(60));
    std::vector<std::thread> ranks;
    for (int rank = 0; rank < num_ranks; ++rank) {
      ranks.emplace_back([&, rank] {
        try {
          const auto communicator = group.communicator(rank);
          EXPECT_FALSE(run_rank(run, *communicator, open_kernels, kSteps + 1));
        } catch (const std::exception& error) {
          group.fail(error.what());
          ADD_FAILURE() << "rank " << rank << ": " << error.what();
        }
      });
    }
    for (std::thread& rank : ranks) {
      rank.join();
    }
    return result_of(run);
  }

  static Result result_of(const std::filesystem::path& run) {
    const run::RunLayout layout{run};
    Result result;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(run)) {
      if (entry.path().extension() == ".safetensors") {
        result.files[entry.path().lexically_relative(run).string()] =
            testing::read_file(entry.path());
      }
    }
    for (const run::ProgressRecord& record : run::read_progress(layout.progress())) {
      result.losses.push_back(record.loss.value_or(0));
      result.losses.push_back(record.eval_loss.value_or(0));
    }
    return result;
  }

  /// As on a Hopper GPU; gpu_attention.h stands in for its kernels.
  static model::AttentionMethod attention_of(Numbers numbers) {
    return model::attention_method(numbers, 9);
  }
  static std::unique_ptr<model::Kernels> near(Numbers numbers) {
    return model::make_aten_kernels({.numbers = numbers, .attention = attention_of(numbers)});
  }
  OpenKernels far(Numbers numbers = Numbers::kFloat32) {
    return [this, numbers](recipe::DataType, model::PartRunner&) {
      const std::lock_guard lock(mutex_);
      return std::make_unique<FarKernels>(memories_.emplace_back(), numbers, attention_of(numbers));
    };
  }

  static void expect_equal(const Result& actual, const Result& expected) {
    ASSERT_FALSE(expected.files.empty());
    EXPECT_EQ(actual.losses, expected.losses);
    ASSERT_EQ(actual.files.size(), expected.files.size());
    for (const auto& [name, bytes] : expected.files) {
      EXPECT_TRUE(actual.files.at(name) == bytes) << name;
    }
  }

  testing::TemporaryDirectory folder_;
  SystemClock clock_;
  std::mutex mutex_;
  std::list<FarMemory> memories_;  // of the ranks
};

TEST_F(DeviceTrainingTest, SameBitsAsInThisProcessesMemory) {
  for (const char* more : {kLora, kFull}) {
    for (const Numbers numbers : {Numbers::kFloat32, Numbers::kBFloat16}) {
      const std::string name = fmt::format("{}{}", more == kLora ? "lora" : "full",
                                           numbers == Numbers::kFloat32 ? "" : "-bf16");
      SCOPED_TRACE(name);
      const Result expected =
          train(start("near-" + name, more),
                [&](recipe::DataType, model::PartRunner&) { return near(numbers); });
      expect_equal(train(start("far-" + name, more), far(numbers)), expected);
    }
  }
}

TEST_F(DeviceTrainingTest, LossesOfTheLoopsOnCpus) {
  for (const char* more : {kLora, kFull}) {
    const std::string name = more == kLora ? "lora" : "full";
    const Result expected = train(start("cpu-" + name, more), open_cpu_kernels);
    const auto expect_near = [&](Numbers numbers, double tolerance) {
      const Result actual =
          train(start(fmt::format("far-{}-{}", name, tolerance), more), far(numbers));
      ASSERT_EQ(actual.losses.size(), expected.losses.size());
      for (std::size_t i = 0; i < expected.losses.size(); ++i) {
        EXPECT_NEAR(actual.losses[i], expected.losses[i], tolerance * expected.losses[i])
            << name << i;
      }
    };
    expect_near(Numbers::kFloat32, 1e-5);
    expect_near(Numbers::kBFloat16, 3e-3);
  }
}

TEST_F(DeviceTrainingTest, AMergedModelPassesItsGate) {
  constexpr const char* kMerged =
      "adapter: {rank: 4, alpha: 8}\npublish: {hub: org/merged, form: merged}";
  for (const Numbers numbers : {Numbers::kFloat32, Numbers::kBFloat16}) {
    const std::string name = numbers == Numbers::kFloat32 ? "merged" : "merged-bf16";
    EXPECT_EQ(train(start(name, kMerged), far(numbers)).files.count("merged/model.safetensors"),
              1U);
  }
}

TEST_F(DeviceTrainingTest, AResumedRunEndsWithTheSameBits) {
  for (const char* more : {kLora, kFull}) {
    const std::string name = more == kLora ? "lora" : "full";
    const Result expected = train(start("whole-" + name, more), far());
    const std::filesystem::path run = start("stopped-" + name, more);
    testing::ThreadGroup alone(1, std::chrono::seconds(60));
    EXPECT_TRUE(run_rank(run, *alone.communicator(0), far(), /*stop_after=*/1));
    const Result resumed = train(run, far());
    const std::string folder =
        more == kLora ? "adapter/adapter_model.safetensors" : "model/model.safetensors";
    EXPECT_TRUE(resumed.files.at(folder) == expected.files.at(folder)) << name;
  }
}

TEST_F(DeviceTrainingTest, ACheckpointIsOfItsKindOfDevice) {
  const std::filesystem::path run = start("moved", kLora);
  testing::ThreadGroup alone(1, std::chrono::seconds(60));
  const auto communicator = alone.communicator(0);
  EXPECT_TRUE(run_rank(run, *communicator, far(), /*stop_after=*/1));
  try {
    run_rank(run, *communicator, open_cpu_kernels, kSteps + 1);
    ADD_FAILURE() << "no error";
  } catch (const UserError& error) {
    EXPECT_THAT(error.what(), ::testing::HasSubstr("far when it was saved, cpu now"));
  }
}

TEST_F(DeviceTrainingTest, AModelThatDoesNotFitIsFatal) {
  const std::filesystem::path run = start("large", kLora);
  testing::ThreadGroup alone(1, std::chrono::seconds(60));
  const OpenKernels small = [this](recipe::DataType, model::PartRunner&) {
    return std::make_unique<FarKernels>(memories_.emplace_back(std::size_t{1} << 14));
  };
  try {
    run_rank(run, *alone.communicator(0), small, 1);
    ADD_FAILURE() << "no error";
  } catch (const FatalError& error) {
    EXPECT_THAT(error.what(), ::testing::HasSubstr("no memory left for the model"));
  }
}

TEST_F(DeviceTrainingTest, Bf16AndTf32AreNotForCpus) {
  for (const char* type : {"bf16", "tf32"}) {
    const std::filesystem::path run = start(type, kLora, type);
    testing::ThreadGroup alone(1, std::chrono::seconds(60));
    EXPECT_THROW(run_rank(run, *alone.communicator(0), open_cpu_kernels, 1), UserError);
  }
}

TEST_F(DeviceTrainingTest, SameBitsOnTwoRanks) {
  for (const char* more : {kLora, kFull}) {
    const std::string name = more == kLora ? "lora" : "full";
    const std::string folder =
        more == kLora ? "adapter/adapter_model.safetensors" : "model/model.safetensors";
    const Result one = train(start("one-" + name, more), far());
    const Result two = train(start("two-" + name, more), far(), 2);
    EXPECT_EQ(two.losses, one.losses);
    EXPECT_TRUE(two.files.at(folder) == one.files.at(folder)) << name;
  }
}

}  // namespace
}  // namespace temper::train
