#include "core/export/adapter_export.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "core/base/error.h"
#include "core/base/file_error.h"
#include "core/export/check_record.h"
#include "core/weights/safetensors.h"
#include "tests/core/export/tiny_adapter.h"
#include "tests/support/child_process.h"
#include "tests/support/small_disk.h"
#include "tests/support/temporary_directory.h"

namespace temper::exporting {
namespace {

namespace fs = std::filesystem;
using temper::testing::read_file;
using temper::testing::TemporaryDirectory;
using temper::testing::write_file;
using ::testing::HasSubstr;

// The FatalError's message, or "exported".
std::string refusal(const fs::path& folder, const AdapterExport& adapter) {
  try {
    export_adapter(folder, adapter);
  } catch (const FatalError& error) {
    return error.what();
  }
  return "exported";
}

struct SettingsCase {
  const char* name;
  recipe::Adapter settings;
};

std::vector<SettingsCase> settings_cases() {
  recipe::Adapter list = all_linear_settings();
  list.targets = std::vector<std::string>{"q_proj", "down_proj"};
  recipe::Adapter regex = all_linear_settings();
  regex.targets = std::string(R"(model\.layers\.1\..*_proj)");
  recipe::Adapter patterns = all_linear_settings();
  patterns.rslora = true;
  patterns.rank_pattern = {{"down_proj", 2}, {R"(layers\.0\.self_attn\.q_proj)", 8}};
  patterns.alpha_pattern = {{"up_proj", 3.5}};
  return {{"AllLinear", all_linear_settings()},
          {"List", list},
          {"Regex", regex},
          {"RsloraAndPatterns", patterns}};
}

TEST(FullDiskTest, IsSaidAndNoHalfAdapterIsSeen) {
  if (!temper::testing::may_mount_disks()) {
    GTEST_SKIP() << "mounting is refused";
  }
  const TemporaryDirectory root;
  const TinyAdapter tiny(all_linear_settings());
  const int code = temper::testing::run_in_child([&]() -> std::string {
    temper::testing::mount_small_disk(root / "disk", 8192);
    try {
      export_adapter(root / "disk" / "adapter", tiny.adapter);
      return "fitted on a full disk";
    } catch (const FileError& error) {
      const std::string said = error.what();
      if (error.error_number() != ENOSPC || said.find("Free some space") == said.npos) {
        return said;
      }
    }
    if (!fs::is_empty(root / "disk")) {
      return "something is left on the disk";
    }
    temper::testing::resize_small_disk(root / "disk", 4 << 20);
    export_adapter(root / "disk" / "adapter", tiny.adapter);
    require_checked(root / "disk" / "adapter");
    return "";
  });
  EXPECT_EQ(code, 0);
}

class AdapterExportTest : public ::testing::TestWithParam<SettingsCase> {};

TEST_P(AdapterExportTest, WritesAFolderThatPassesItsGate) {
  const TemporaryDirectory root;
  const TinyAdapter tiny(GetParam().settings);
  export_adapter(root / "adapter", tiny.adapter);

  std::map<std::string, std::string> metadata;
  const std::string image = read_file(root / "adapter" / "adapter_model.safetensors");
  const auto tensors =
      weights::parse_safetensors(std::as_bytes(std::span(image)), "adapter", &metadata);
  EXPECT_EQ(tensors.size(), 2 * tiny.adapter.modules.size());
  EXPECT_EQ(metadata, (std::map<std::string, std::string>{{"format", "pt"}}));
  for (const TrainedLora& lora : tiny.adapter.modules) {
    const std::string key = "base_model.model." + lora.target.module + ".lora_B.weight";
    const auto found = std::find_if(tensors.begin(), tensors.end(),
                                    [&](const auto& tensor) { return tensor.name == key; });
    ASSERT_NE(found, tensors.end()) << key;
    EXPECT_EQ(found->shape, (std::vector{lora.target.out_features, lora.target.rank}));
  }
  const auto config = nlohmann::json::parse(read_file(root / "adapter" / "adapter_config.json"));
  EXPECT_EQ(config["base_model_name_or_path"], "temper/tiny-model");
  EXPECT_THAT(read_file(root / "adapter" / "README.md"),
              HasSubstr("| held-out | 5.9000 | 1.5000 |"));
}

TEST_P(AdapterExportTest, WritesTheSameBytesAgain) {
  const TemporaryDirectory root;
  export_adapter(root / "one", TinyAdapter(GetParam().settings).adapter);
  export_adapter(root / "two", TinyAdapter(GetParam().settings).adapter);
  for (const char* file : {"adapter_config.json", "adapter_model.safetensors", "README.md"}) {
    EXPECT_EQ(read_file(root / "one" / file), read_file(root / "two" / file)) << file;
  }
}

INSTANTIATE_TEST_SUITE_P(Settings, AdapterExportTest, ::testing::ValuesIn(settings_cases()),
                         [](const auto& test) { return std::string(test.param.name); });

// A refused export leaves the adapter of an earlier attempt as it was.
class AdapterRefusalTest : public ::testing::Test {
 protected:
  AdapterRefusalTest() { write_file(folder_ / "adapter_config.json", "earlier"); }
  ~AdapterRefusalTest() override {
    EXPECT_EQ(read_file(folder_ / "adapter_config.json"), "earlier");
    EXPECT_EQ(std::distance(fs::directory_iterator(root_.path()), {}), 1) << "something was left";
  }

  TemporaryDirectory root_;
  const fs::path folder_ = root_ / "adapter";
  TinyAdapter tiny_{all_linear_settings()};
};

TEST_F(AdapterRefusalTest, NonFiniteValue) {
  tiny_.storage[3][5] = NAN;
  EXPECT_THAT(refusal(folder_, tiny_.adapter), HasSubstr("element 5"));
}

TEST_F(AdapterRefusalTest, UntrainedAdapter) {
  for (std::size_t i = 1; i < tiny_.storage.size(); i += 2) {
    std::fill(tiny_.storage[i].begin(), tiny_.storage[i].end(), 0.0F);
  }
  EXPECT_THAT(refusal(folder_, tiny_.adapter), HasSubstr("every lora_B is zero"));
}

TEST_F(AdapterRefusalTest, ConfigThatMakesPeftScaleOtherwise) {
  tiny_.adapter.settings.alpha = 9;
  EXPECT_THAT(refusal(folder_, tiny_.adapter), HasSubstr("scaling 2.25"));
}

TEST_F(AdapterRefusalTest, ConfigThatMakesPeftExpectOtherRanks) {
  tiny_.adapter.settings.rank_pattern = {{"q_proj", 2}};
  EXPECT_THAT(refusal(folder_, tiny_.adapter), HasSubstr("rank 2"));
}

// A gate that the trained model passes with `trained` and its files with `of_files`.
Probe probe(Outputs trained, Outputs of_files) {
  return {.num_samples = 2, .trained = std::move(trained), .of_files = [of_files](const fs::path&) {
            return of_files;
          }};
}

TEST_F(AdapterRefusalTest, LogitsThatDiffer) {
  tiny_.adapter.probe = probe({{1.0F, -100.0F, 3.0F}, 2}, {{1.0F, -100.0F, 3.01F}, 2});
  EXPECT_THAT(refusal(folder_, tiny_.adapter), HasSubstr("logits of base + file differ"));
}

TEST_F(AdapterRefusalTest, LogitsThatAreNoNumbers) {
  tiny_.adapter.probe = probe({{1.0F, 2.0F}, 2}, {{NAN, 2.0F}, 2});
  EXPECT_THAT(refusal(folder_, tiny_.adapter), HasSubstr("logits of base + file differ"));
}

TEST_F(AdapterRefusalTest, LogitsOfAnotherShape) {
  tiny_.adapter.probe = probe({{1.0F, 2.0F}, 2}, {{1.0F}, 2});
  EXPECT_THAT(refusal(folder_, tiny_.adapter), HasSubstr("1 logits"));
}

TEST_F(AdapterRefusalTest, LossThatDiffers) {
  tiny_.adapter.probe = probe({{1.0F}, 2}, {{1.0F}, 2.001});
  EXPECT_THAT(refusal(folder_, tiny_.adapter),
              HasSubstr("the loss of base + file on 2 samples is 2.001, the trained model's 2"));
}

TEST_F(AdapterRefusalTest, LossThatIsNoNumber) {
  tiny_.adapter.probe = probe({{1.0F}, 2}, {{1.0F}, NAN});
  EXPECT_THAT(refusal(folder_, tiny_.adapter), HasSubstr("is nan, the trained model's 2"));
}

TEST(AdapterProbeTest, LooksAtTheFilesAndRecordsTheLosses) {
  const TemporaryDirectory root;
  TinyAdapter tiny(all_linear_settings());
  std::string seen;
  tiny.adapter.base_fingerprint = "abc";
  tiny.adapter.probe = {
      .num_samples = 2, .trained = {{1.0F, -2.0F}, 2}, .of_files = [&](const fs::path& folder) {
        seen = read_file(folder / "adapter_model.safetensors");
        return Outputs{{1.0F, -2.0F}, 2};
      }};
  export_adapter(root / "adapter", tiny.adapter);
  EXPECT_EQ(seen, read_file(root / "adapter" / "adapter_model.safetensors"));
  const CheckRecord record = require_checked(root / "adapter");
  EXPECT_EQ(record.kind, "adapter");
  EXPECT_EQ(record.base_fingerprint, "abc");
  EXPECT_EQ(record.num_samples, 2);
  EXPECT_EQ(record.trained_loss, 2.0);
  EXPECT_EQ(record.file_loss, 2.0);
}

TEST(AdapterProbeTest, AnUnchangedAdapterMayBeExportedOnPurpose) {
  const TemporaryDirectory root;
  TinyAdapter tiny(all_linear_settings());
  for (std::size_t i = 1; i < tiny.storage.size(); i += 2) {
    std::fill(tiny.storage[i].begin(), tiny.storage[i].end(), 0.0F);
  }
  tiny.adapter.expect_change = false;
  EXPECT_EQ(refusal(root / "adapter", tiny.adapter), "exported");
}

}  // namespace
}  // namespace temper::exporting
