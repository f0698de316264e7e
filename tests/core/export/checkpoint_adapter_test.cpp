#include "core/export/checkpoint_adapter.h"

#include <gmock/gmock.h>

#include <random>

#include "core/base/error.h"
#include "core/base/hash.h"
#include "core/export/check_record.h"
#include "core/model/base_model.h"
#include "core/model/parameters.h"
#include "core/storage/memory_store.h"
#include "core/weights/safetensors.h"
#include "tests/support/temporary_directory.h"

namespace temper::exporting {
namespace {

using ::testing::HasSubstr;

constexpr const char* kFolder = "step-00000050.abc";

/// A checkpoint of random matrices, in two shares, for the golden tiny model.
class CheckpointAdapterTest : public ::testing::Test {
 protected:
  CheckpointAdapterTest() {
    recipe_.name = "tiny";
    recipe_.model.base = "org/tiny";
    recipe_.adapter.rank = 4;
    recipe_.adapter.targets = std::vector<std::string>{"q_proj", "down_proj"};
    checkpoint_.folder = kFolder;
    checkpoint_.manifest.step = 50;
    std::mt19937 random(1);
    for (const auto& target : model::resolve_lora_targets(base_->config(), recipe_.adapter)) {
      add(target.module + ".lora_A.weight", {target.rank, target.in_features}, random);
      add(target.module + ".lora_B.weight", {target.out_features, target.rank}, random);
    }
    std::vector<weights::TensorView> first, second;
    for (const auto& [name, tensor] : tensors_) {
      for (const char* kind : {"param/", "exp_avg/", "exp_avg_sq/"}) {
        (first.size() > second.size() ? second : first)
            .push_back({kind + name, weights::DataType::kF32, tensor.shape,
                        std::as_bytes(std::span(tensor.values))});
      }
    }
    put("state-00001-of-00002.safetensors", first);
    put("state-00002-of-00002.safetensors", second);
  }

  void write_adapter() {
    export_checkpoint_adapter(folder_ / "adapter",
                              {recipe_, {folder_ / "run"}, base_->config(), "f"}, store_,
                              checkpoint_);
  }
  std::string failure() {
    try {
      write_adapter();
    } catch (const UserError& error) {
      return error.what();
    }
    return "";
  }

  struct Tensor {
    std::vector<std::int64_t> shape;
    std::vector<float> values;
  };
  temper::testing::TemporaryDirectory folder_;
  std::unique_ptr<model::BaseModel> base_ =
      model::BaseModel::open(TEMPER_SOURCE_DIR "/tests/golden/tiny-model");
  recipe::Recipe recipe_;
  std::map<std::string, Tensor> tensors_;
  storage::MemoryStore store_{"x"};
  run::CheckpointCandidate checkpoint_;

 private:
  void add(const std::string& name, std::vector<std::int64_t> shape, std::mt19937& random) {
    Tensor tensor{shape, std::vector<float>(static_cast<std::size_t>(shape[0] * shape[1]))};
    for (float& value : tensor.values) {
      value = std::uniform_real_distribution<float>(-1, 1)(random);
    }
    tensors_[name] = std::move(tensor);
  }
  void put(const std::string& name, const std::vector<weights::TensorView>& tensors) {
    const std::vector<std::byte> bytes = weights::serialize_safetensors(tensors, {});
    store_.write(std::string(kFolder) + "/" + name, bytes);
    checkpoint_.manifest.objects.push_back({name, bytes.size(), 0, sha256_hex(bytes)});
  }
};

TEST_F(CheckpointAdapterTest, HasTheCheckpointsMatricesBitForBit) {
  write_adapter();
  const weights::SafetensorsFile file(folder_ / "adapter" / "adapter_model.safetensors");
  EXPECT_EQ(file.tensors().size(), tensors_.size());
  for (const auto& [name, tensor] : tensors_) {
    const weights::TensorView* stored = file.find("base_model.model." + name);
    ASSERT_NE(stored, nullptr) << name;
    EXPECT_TRUE(std::ranges::equal(stored->bytes, std::as_bytes(std::span(tensor.values)))) << name;
  }
  EXPECT_EQ(require_checked(folder_ / "adapter").num_samples, 0);
  EXPECT_THAT(temper::testing::read_file(folder_ / "adapter" / "README.md"), HasSubstr("50"));
}

TEST_F(CheckpointAdapterTest, RefusesADamagedCheckpoint) {
  const std::string key = std::string(kFolder) + "/state-00002-of-00002.safetensors";
  std::vector<std::byte> bytes = *store_.read(key);
  bytes.back() ^= std::byte{1};
  store_.write(key, bytes);
  EXPECT_THAT(failure(), HasSubstr("state-00002-of-00002.safetensors is damaged"));
  store_.remove(key);
  EXPECT_THAT(failure(), HasSubstr("not there any more"));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "adapter"));
}

TEST_F(CheckpointAdapterTest, RefusesACheckpointOfAnotherAdapter) {
  recipe_.adapter.rank = 8;
  EXPECT_THAT(failure(), HasSubstr("was it made with another recipe?"));
  recipe_.adapter.rank = 4;
  recipe_.adapter.targets = std::vector<std::string>{"q_proj"};
  EXPECT_THAT(failure(), HasSubstr("trained tensors"));
}

}  // namespace
}  // namespace temper::exporting
