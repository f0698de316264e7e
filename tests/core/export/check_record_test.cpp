#include "core/export/check_record.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/error.h"
#include "tests/support/temporary_directory.h"

namespace temper::exporting {
namespace {

namespace fs = std::filesystem;
using temper::testing::read_file;
using temper::testing::TemporaryDirectory;
using temper::testing::write_file;
using ::testing::HasSubstr;

class CheckRecordTest : public ::testing::Test {
 protected:
  CheckRecordTest() {
    StagedFolder staged(folder_);
    staged.write("adapter_model.safetensors", "weights");
    staged.write("adapter_config.json", "{}");
    staged.write("README.md", "card");
    write_check_record(staged, {.kind = "adapter",
                                .base_fingerprint = "abc",
                                .num_samples = 4,
                                .trained_loss = 1.25,
                                .file_loss = 1.25});
    staged.publish();
  }

  std::string problem() const {
    try {
      require_checked(folder_);
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  }

  TemporaryDirectory root_;
  const fs::path folder_ = root_ / "adapter";
  const fs::path record_ = folder_ / kCheckRecordFile;
};

TEST_F(CheckRecordTest, KnowsEveryFileButTheCard) {
  const CheckRecord record = require_checked(folder_);
  ASSERT_EQ(record.files.size(), 2U);
  EXPECT_EQ(record.files[0].name, "adapter_config.json");
  EXPECT_EQ(record.files[1].name, "adapter_model.safetensors");
  EXPECT_EQ(record.files[1].size_bytes, 7U);
  EXPECT_EQ(record.trained_loss, 1.25);
}

TEST_F(CheckRecordTest, ReadsBackWhatItWrites) {
  const std::string text = read_file(record_);
  EXPECT_EQ(to_json(parse_check_record(text, "record")), text);
}

TEST_F(CheckRecordTest, TheCardMayBeEdited) {
  write_file(folder_ / "README.md", "a better card");
  EXPECT_EQ(problem(), "");
}

TEST_F(CheckRecordTest, RefusesOneChangedByte) {
  write_file(folder_ / "adapter_model.safetensors", "weighte");
  EXPECT_THAT(problem(), HasSubstr("adapter_model.safetensors: is not the file that passed"));
}

TEST_F(CheckRecordTest, RefusesATornFile) {
  write_file(folder_ / "adapter_model.safetensors", "weigh");
  EXPECT_THAT(problem(), HasSubstr("5 bytes"));
}

TEST_F(CheckRecordTest, RefusesAMissingFile) {
  fs::remove(folder_ / "adapter_config.json");
  EXPECT_THAT(problem(),
              HasSubstr("adapter_config.json: the file that passed the check is missing"));
}

TEST_F(CheckRecordTest, RefusesAFolderThatNoRunExported) {
  fs::remove(record_);
  EXPECT_THAT(problem(), HasSubstr("no finished run has exported"));
}

TEST_F(CheckRecordTest, RefusesARecordWithoutAComparisonOfLosses) {
  CheckRecord record;
  record.num_samples = 4;
  record.trained_loss = record.file_loss = 1.25;
  EXPECT_NO_THROW(require_compared(record, "adapter"));
  const auto refused = [](const CheckRecord& without) {
    try {
      require_compared(without, "adapter");
    } catch (const UserError& error) {
      return std::string(error.what())
                 .find(
                     "adapter: export_check.json has no comparison of the "
                     "losses") == 0;
    }
    return false;
  };
  CheckRecord no_samples = record, no_trained = record, no_file = record;
  no_samples.num_samples = 0;
  no_trained.trained_loss.reset();
  no_file.file_loss.reset();
  EXPECT_TRUE(refused(no_samples));
  EXPECT_TRUE(refused(no_trained));
  EXPECT_TRUE(refused(no_file));
}

TEST_F(CheckRecordTest, RefusesEveryTruncationOfTheRecord) {
  const std::string text = read_file(record_);
  for (std::size_t size = 0; size + 2 < text.size(); ++size) {
    EXPECT_THROW(parse_check_record(text.substr(0, size), "record"), UserError) << size;
  }
}

TEST_F(CheckRecordTest, RefusesRecordsThatNameOtherFolders) {
  const std::string text = read_file(record_);
  for (const char* name : {"../secret", "/etc/passwd", "..", ".", "", "a/b"}) {
    std::string hostile = text;
    hostile.replace(hostile.find("adapter_config.json"), 19, name);
    EXPECT_THROW(parse_check_record(hostile, "record"), UserError) << name;
  }
}

TEST_F(CheckRecordTest, RefusesWrongFields) {
  const std::string text = read_file(record_);
  const auto with = [&](const std::string& from, const std::string& to) {
    std::string changed = text;
    changed.replace(changed.find(from), from.size(), to);
    return changed;
  };
  for (const std::string& wrong :
       {with("\"version\": 1", "\"version\": 2"), with("\"adapter\"", "\"other\""),
        with("\"bytes\": 2", "\"bytes\": -1"), with("\"file_loss\": 1.25", "\"file_loss\": \"x\""),
        with("\"sha256\": \"", "\"sha256\": \"X")}) {
    EXPECT_THROW(parse_check_record(wrong, "record"), UserError) << wrong;
  }
}

}  // namespace
}  // namespace temper::exporting
