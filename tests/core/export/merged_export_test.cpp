// The gate of merged models; their bytes and numbers are compared in tests/end_to_end.

#include "core/export/merged_export.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/error.h"
#include "core/export/check_record.h"
#include "tests/core/export/tiny_adapter.h"
#include "tests/support/temporary_directory.h"

namespace temper::exporting {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class MergedExportTest : public ::testing::Test {
 protected:
  MergedExportTest() {
    const TinyAdapter trained(all_linear_settings());
    export_adapter(root_ / "adapter", trained.adapter);
    adapter_.emplace(root_ / "adapter", base_->config());
  }

  /// A probe whose files give `loss` where the trained model gave 2, and the same logits.
  MergedExport merged(double loss) const {
    Probe probe{.num_samples = 3, .trained = {{1.0F, -4.0F}, 2.0}, .of_files = {}};
    probe.of_files = [loss](const fs::path& folder) {
      EXPECT_TRUE(fs::exists(folder / "model.safetensors"));
      return Outputs{{1.0F, -4.0F}, loss};
    };
    return {.adapter = *adapter_,
            .base = *base_,
            .type = {},
            .chat_template = {},
            .facts = {},
            .probe = probe};
  }

  temper::testing::TemporaryDirectory root_;
  const fs::path folder_ = root_ / "merged";
  const std::unique_ptr<model::BaseModel> base_ =
      model::BaseModel::open(TEMPER_SOURCE_DIR "/tests/golden/tiny-model");
  std::optional<AdapterFolder> adapter_;
};

TEST_F(MergedExportTest, RecordsTheLosses) {
  export_merged(folder_, merged(2.0001));
  const CheckRecord record = require_checked(folder_);
  require_compared(record, folder_);
  EXPECT_EQ(record.kind, "model");
  EXPECT_EQ(record.num_samples, 3);
  EXPECT_EQ(record.trained_loss, 2.0);
  EXPECT_EQ(record.file_loss, 2.0001);
}

TEST_F(MergedExportTest, IsNotPushedWithoutLosses) {
  MergedExport without = merged(2.0);
  without.probe.reset();
  export_merged(folder_, without);
  EXPECT_THROW(require_compared(require_checked(folder_), folder_), UserError);
}

TEST_F(MergedExportTest, RefusesAnotherLoss) {
  try {
    export_merged(folder_, merged(2.01));
    FAIL() << "was exported";
  } catch (const FatalError& error) {
    EXPECT_THAT(error.what(), HasSubstr("the loss of base + file on 3 samples is 2.01"));
  }
  EXPECT_FALSE(fs::exists(folder_));
}

TEST_F(MergedExportTest, AllowsTheRoundingOfTheWrittenType) {
  MergedExport coarse = merged(2.01);
  coarse.type = weights::DataType::kBF16;
  export_merged(folder_, coarse);
  EXPECT_EQ(require_checked(folder_).file_loss, 2.01);
}

}  // namespace
}  // namespace temper::exporting
