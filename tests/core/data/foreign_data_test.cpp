// Data sets that mosaicml-streaming, pyarrow and datasets wrote (tests/golden/data, made by
// tests/reference/make_data_goldens.py) are read as those libraries would read them.

#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "core/base/error.h"
#include "core/data/dataset.h"
#include "core/data/parquet/parquet_library.h"
#include "tests/support/temporary_directory.h"

namespace temper::data {
namespace {

using Json = nlohmann::json;

class ForeignDataTest : public ::testing::TestWithParam<const char*> {
 protected:
  std::filesystem::path golden() const {
    return std::filesystem::path(TEMPER_SOURCE_DIR) / "tests" / "golden" / "data" / GetParam();
  }
  /// The golden folder without the file of expectations.
  std::filesystem::path data() const {
    const std::filesystem::path copy = folder_ / "data";
    std::filesystem::copy(golden(), copy);
    std::filesystem::remove(copy / "expected.jsonl");
    return copy;
  }
  std::vector<Json> expected() const {
    std::vector<Json> records;
    std::istringstream lines(testing::read_file(golden() / "expected.jsonl"));
    for (std::string line; std::getline(lines, line);) {
      records.push_back(Json::parse(line));
    }
    return records;
  }
  void expect_golden(const std::string& path) const {
    const Dataset dataset({{path, recipe::DataFormat::kAuto, {}}}, folder_ / "cache");
    const std::vector<Json> records = expected();
    ASSERT_EQ(dataset.size(), records.size());
    for (std::size_t i = 0; i < records.size(); ++i) {
      const Record record = dataset.read(i);
      EXPECT_EQ(Json::parse(record.bytes), records[i]) << record.origin << ": " << record.bytes;
    }
  }
  bool lacks_arrow() const {
    return std::string(GetParam()).starts_with("parquet") &&
           !std::filesystem::exists(std::filesystem::path(TEMPER_BINARY_DIR) /
                                    "libtemper_parquet.so");
  }
  testing::TemporaryDirectory folder_;
};

TEST_P(ForeignDataTest, IsReadFromAFolder) {
  if (lacks_arrow()) {
    GTEST_SKIP() << "this build has no Arrow";
  }
  expect_golden(data().string());
}

TEST_P(ForeignDataTest, IsReadFromAStore) {
  if (lacks_arrow()) {
    GTEST_SKIP() << "this build has no Arrow";
  }
  expect_golden("file://" + data().string());
}

TEST_P(ForeignDataTest, EveryTruncatedFileIsRefused) {
  if (lacks_arrow()) {
    GTEST_SKIP() << "this build has no Arrow";
  }
  const auto sound = data();
  for (const auto& entry : std::filesystem::directory_iterator(sound)) {
    const auto size = std::filesystem::file_size(entry.path());
    for (std::uintmax_t cut = 0; cut < size; cut += 1 + size / 60) {
      const testing::TemporaryDirectory folder;
      std::filesystem::copy(sound, folder / "data");
      std::filesystem::resize_file(folder / "data" / entry.path().filename().string(), cut);
      const auto read_all = [&] {
        const Dataset dataset({{(folder / "data").string(), recipe::DataFormat::kAuto, {}}},
                              folder / "cache");
        for (std::uint64_t i = 0; i < dataset.size(); ++i) {
          dataset.read(i);
        }
      };
      EXPECT_THROW(read_all(), Error) << entry.path() << " cut to " << cut;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Goldens, ForeignDataTest,
                         ::testing::Values("mds-encodings", "mds-none", "mds-zstd", "mds-gz",
                                           "mds-br", "mds-bz2", "mds-snappy", "parquet",
                                           "parquet-text", "parquet-types"),
                         [](const auto& parameter) {
                           std::string name = parameter.param;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

}  // namespace
}  // namespace temper::data
