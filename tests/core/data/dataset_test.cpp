#include "core/data/dataset.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/error.h"
#include "core/data/source_files.h"
#include "tests/core/data/compressed_text.h"
#include "tests/support/temporary_directory.h"

namespace temper::data {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::write_file;

class DatasetTest : public ::testing::Test {
 protected:
  DatasetTest() {
    write_file(folder_ / "b.jsonl", "b1\nb2\n");
    write_file(folder_ / "a.jsonl", "a1\n");
    write_file(folder_ / "c.ndjson.gz", gzip("c1\nc2\nc3\n"));
    write_file(folder_ / "empty.jsonl", "\n");
    write_file(folder_ / "README.md", "no data\n");
    write_file(folder_ / ".hidden.jsonl", "hidden\n");
    write_file(folder_ / "inner" / "d.jsonl", "d1\n");
  }
  recipe::DataSource source(const std::string& name) const {
    return {(folder_ / name).string(), recipe::DataFormat::kAuto, {}};
  }
  std::vector<std::string> names_of(const recipe::DataSource& from) const {
    std::vector<std::string> names;
    for (const auto& file : list_source_files(from)) {
      names.push_back(file.lexically_relative(folder_.path()).string());
    }
    return names;
  }
  Dataset open(const std::vector<recipe::DataSource>& sources) const {
    return {sources, folder_ / "cache"};
  }
  std::string error_of(const recipe::DataSource& bad) const {
    try {
      open({bad});
    } catch (const UserError& error) {
      return error.what();
    }
    return "no error";
  }

  testing::TemporaryDirectory folder_;
};

TEST_F(DatasetTest, TakesTheDataFilesOfAFolderSorted) {
  EXPECT_THAT(names_of(source("")),
              ElementsAre("a.jsonl", "b.jsonl", "c.ndjson.gz", "empty.jsonl"));
}

TEST_F(DatasetTest, TakesWhatAPatternMatchesSorted) {
  EXPECT_THAT(names_of(source("[ab]*.jsonl")), ElementsAre("a.jsonl", "b.jsonl"));
  EXPECT_THAT(names_of(source("*/*.jsonl")), ElementsAre("inner/d.jsonl"));
}

TEST_F(DatasetTest, AnExistingNameIsNoPattern) {
  write_file(folder_ / "[a].jsonl", "x\n");
  EXPECT_THAT(names_of(source("[a].jsonl")), ElementsAre("[a].jsonl"));
}

TEST_F(DatasetTest, CountsRecordsOverAllShardsInOrder) {
  const Dataset dataset =
      open({source("b.jsonl"), source("empty.jsonl"), source("c.ndjson.gz"), source("a.jsonl")});
  EXPECT_THAT(dataset.shard_sizes(), ElementsAre(2, 0, 3, 1));
  std::string all;
  for (std::uint64_t i = 0; i < dataset.size(); ++i) {
    all += dataset.read(i).bytes + " ";
  }
  EXPECT_EQ(all, "b1 b2 c1 c2 c3 a1 ");
  EXPECT_EQ(dataset.read(2, 1).bytes, "c2");
}

TEST_F(DatasetTest, TheFingerprintFollowsContentAndOrderNotCompression) {
  const auto fingerprint = open({source("a.jsonl"), source("b.jsonl")}).fingerprint();
  EXPECT_NE(open({source("b.jsonl"), source("a.jsonl")}).fingerprint(), fingerprint);
  write_file(folder_ / "z.jsonl.zst", zstd("b1\nb2\n"));
  EXPECT_EQ(open({source("a.jsonl"), source("z.jsonl.zst")}).fingerprint(), fingerprint);
  write_file(folder_ / "z.jsonl.zst", zstd("b1\nb3.\n"));
  EXPECT_NE(open({source("a.jsonl"), source("z.jsonl.zst")}).fingerprint(), fingerprint);
}

TEST_F(DatasetTest, ErrorsSayWhatToDo) {
  EXPECT_THAT(error_of(source("none*.jsonl")), HasSubstr("no file matches it"));
  EXPECT_THAT(error_of(source("none")), HasSubstr("no such file"));
  EXPECT_THAT(error_of(source("README.md")), HasSubstr("unknown ending; known are .jsonl"));
  EXPECT_THAT(error_of(source("R*")), HasSubstr("unknown ending"));
  EXPECT_THAT(error_of(source("empty.jsonl")), HasSubstr("the data set is empty"));
  EXPECT_THAT(error_of({"fsx://bucket/a.jsonl", recipe::DataFormat::kAuto}),
              HasSubstr("can't open fsx://"));
  std::filesystem::create_directory(folder_ / "void");
  EXPECT_THAT(error_of(source("void")), HasSubstr("no file in it ends in .jsonl"));
}

TEST_F(DatasetTest, ANamedFormatAllowsAnyEnding) {
  recipe::DataSource readme = source("README.md");
  readme.format = recipe::DataFormat::kJsonl;
  EXPECT_EQ(open({readme}).read(0).bytes, "no data");
}

}  // namespace
}  // namespace temper::data
