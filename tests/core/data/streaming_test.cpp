#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "core/base/error.h"
#include "core/data/dataset.h"
#include "core/data/stream/download.h"
#include "core/data/stream/file_summary.h"
#include "tests/core/data/compressed_text.h"
#include "tests/core/data/stored_data.h"
#include "tests/support/fake_clock.h"
#include "tests/support/temporary_directory.h"

namespace temper::data {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class StreamingTest : public ::testing::Test {
 protected:
  StreamingTest() {
    access_.cache_dir = folder_ / "cache";
    access_.open_store = opener_of(store_);
    access_.clock = &clock_;
  }
  Dataset open(const std::string& path,
               recipe::DataFormat format = recipe::DataFormat::kAuto) const {
    return {{{path, format, {}}}, access_};
  }
  void write(const std::string& key, const std::string& text) {
    write_text(store_.inner(), key, text);
  }
  /// What reading the first record says.
  std::string failure_of(const Dataset& dataset, ExitCode expected) const {
    try {
      dataset.read(0);
    } catch (const Error& error) {
      EXPECT_EQ(error.exit_code(), expected) << error.what();
      return error.what();
    }
    return "";
  }

  testing::TemporaryDirectory folder_;
  testing::FakeClock clock_;
  UnreliableStore store_{1, {}};
  DataAccess access_;
};

TEST_F(StreamingTest, LinesInAStoreAreCountedAndReadWithTheirPlace) {
  write("a/x.jsonl", "one\n\ntwo\r\n");
  write("a/y.jsonl.gz", gzip("three\n"));
  write("a/README", "no data");
  write("a/deeper/z.jsonl", "four\n");
  const Dataset dataset = open("fake://bucket/a");
  EXPECT_THAT(dataset.shard_sizes(), ElementsAre(2, 1));
  EXPECT_EQ(dataset.read(1).bytes, "two");
  EXPECT_EQ(dataset.read(1).origin, "fake://bucket/a/x.jsonl:3");
  EXPECT_EQ(dataset.read(2).bytes, "three");
  EXPECT_THAT(open("fake://bucket/a/*/z*").shard_sizes(), ElementsAre(1));
  EXPECT_THAT(open("fake://bucket/a/y.jsonl.gz").shard_sizes(), ElementsAre(1));
  EXPECT_TRUE(dataset.is_streamed());
}

TEST_F(StreamingTest, HasTheFingerprintOfTheSameDataInAFolder) {
  write("a/x.jsonl", "one\ntwo\n");
  write("a/y.jsonl.gz", gzip("three\n"));
  testing::write_file(folder_ / "here" / "x.jsonl", "one\ntwo\n");
  testing::write_file(folder_ / "here" / "y.jsonl", "three\n");
  EXPECT_EQ(open("fake://bucket/a").fingerprint(), open((folder_ / "here").string()).fingerprint());
}

TEST_F(StreamingTest, PathsThatMatchNothingAreNamed) {
  write("a/x.txt", "one\n");
  for (const char* path : {"fake://bucket/b", "fake://bucket/a", "fake://bucket/a/*.jsonl"}) {
    EXPECT_THROW(open(path), UserError) << path;
  }
  EXPECT_THROW(open("fake://bucket/a/x.txt"), UserError);
  EXPECT_EQ(open("fake://bucket/a/x.txt", recipe::DataFormat::kJsonl).size(), 1U);
  EXPECT_THROW(open("fake://bucket/a", recipe::DataFormat::kMds), UserError);
}

TEST_F(StreamingTest, AnotherProcessReadsFromTheCache) {
  write("a/x.jsonl", "one\n");
  EXPECT_EQ(open("fake://bucket/a").read(0).bytes, "one");
  const auto before = store_.bytes_read();
  EXPECT_EQ(open("fake://bucket/a").read(0).bytes, "one");
  EXPECT_EQ(store_.bytes_read(), before);
}

TEST_F(StreamingTest, ADownloadGoesOnWhereItWasCut) {
  const std::string megabytes(30'000'000, 'x');
  write("big.jsonl", megabytes);
  store_.set_odds({0.4, 0, 0});
  EXPECT_EQ(open("fake://bucket/big.jsonl").read(0).bytes.size(), megabytes.size());
  EXPECT_EQ(store_.bytes_read(), megabytes.size());
  EXPECT_FALSE(clock_.sleeps().empty());
}

TEST_F(StreamingTest, AStoreThatStaysDownIsRetryable) {
  const StoredData data(store_.inner(), 2, 3);
  const Dataset dataset(data.sources(), access_);
  store_.set_odds({1, 0, 0});
  EXPECT_THAT(failure_of(dataset, ExitCode::kRetryable), HasSubstr("503"));
  store_.set_odds({});
  EXPECT_EQ(dataset.read(0).bytes, R"({"text":"file 0 0"})");
}

TEST_F(StreamingTest, AShardThatChangedSinceTheIndexIsNamedWithTheWayOut) {
  const StoredData data(store_.inner(), 3, 3);
  const Dataset dataset(data.sources(), access_);
  const std::string same_size(store_.inner().size("chats/part-000.jsonl").value(), 'x');
  write("chats/part-000.jsonl", same_size);
  EXPECT_THAT(failure_of(dataset, ExitCode::kFatal),
              AllOf(HasSubstr("fake://bucket/chats/part-000.jsonl"), HasSubstr("sha256"),
                    HasSubstr("index")));
  write("chats/part-000.jsonl", "shorter\n");
  EXPECT_THAT(failure_of(dataset, ExitCode::kFatal), HasSubstr("it has 8 bytes"));
  store_.inner().remove("chats/part-000.jsonl");
  EXPECT_THAT(failure_of(dataset, ExitCode::kFatal), HasSubstr("it is gone"));
}

TEST_F(StreamingTest, AFileThatDoesNotFitTheIndexIsRefusedAtOnce) {
  const StoredData data(store_.inner(), 3, 3);
  write("chats/part-001.jsonl.gz", gzip("other\n"));
  try {
    open("fake://bucket/chats");
    FAIL();
  } catch (const UserError& error) {
    EXPECT_THAT(error.what(),
                AllOf(HasSubstr("part-001.jsonl.gz"), HasSubstr("temper data index")));
  }
}

TEST_F(StreamingTest, ADamagedMdsShardIsBroughtAnewAndThenNamed) {
  const StoredData data(store_.inner(), 1, 5);
  const Dataset dataset = open("fake://bucket/mds-zstd");
  auto bytes = *store_.inner().read("mds-zstd/shard.00000.mds.zstd");
  bytes[bytes.size() / 2] ^= std::byte{1};
  store_.inner().write("mds-zstd/shard.00000.mds.zstd", bytes);
  EXPECT_THAT(failure_of(dataset, ExitCode::kFatal), HasSubstr("shard.00000.mds.zstd"));
  EXPECT_GE(store_.bytes_read(), 3 * bytes.size());
  for (const auto& entry : std::filesystem::directory_iterator(folder_ / "cache" / "shards")) {
    EXPECT_NE(entry.path().extension(), ".shard") << "a damaged shard was kept";
  }
}

TEST_F(StreamingTest, AnMdsIndexWithoutHashesLeavesTheStoresChecksum) {
  const StoredData data(store_.inner(), 1, 5);
  for (const std::string folder : {"mds", "mds-zstd"}) {
    const std::string key = folder + "/index.json";
    const auto bytes = *store_.inner().read(key);
    auto index = nlohmann::json::parse(bytes);
    for (nlohmann::json& shard : index["shards"]) {
      for (const char* form : {"raw_data", "zip_data"}) {
        if (shard[form].is_object()) {
          shard[form]["hashes"] = nlohmann::json::object();
        }
      }
    }
    write(key, index.dump());
    const Dataset dataset = open("fake://bucket/" + folder);
    store_.set_odds({0, 0, 1});
    EXPECT_THAT(failure_of(dataset, ExitCode::kFatal), HasSubstr("CRC-32C")) << folder;
    store_.set_odds({});
    EXPECT_THAT(dataset.read(0).bytes, HasSubstr("text")) << folder;
  }
}

TEST_F(StreamingTest, DamagedIndexesAreRefusedAtEveryTruncation) {
  const std::string sound = serialize_data_index({{"a.jsonl", 3, std::string(64, 'a'), {2}}});
  EXPECT_EQ(parse_data_index(sound, "i").size(), 1U);
  for (std::size_t size = 0; size + 1 < sound.size(); ++size) {
    EXPECT_THROW(parse_data_index(sound.substr(0, size), "i"), FatalError) << size;
  }
  for (const char* wrong :
       {R"({"format":"temper-data-index","version":2,"files":[]})",
        R"({"format":"temper-data-index","version":1,"files":[{"file":"a"}]})",
        R"({"format":"temper-data-index","version":1,"files":{}})",
        R"({"format":"temper-data-index","version":1,"files":[{"file":"a","bytes":-1,)"
        R"("sha256":"","records":[]}]})"}) {
    EXPECT_THROW(parse_data_index(wrong, "i"), FatalError) << wrong;
  }
}

TEST_F(StreamingTest, SourcesWithAWeightMustHaveRecords) {
  write("a/x.jsonl", "one\n");
  write("b/x.jsonl", "\n");
  EXPECT_THROW(Dataset({{"fake://bucket/a", recipe::DataFormat::kAuto, {}},
                        {"fake://bucket/b", recipe::DataFormat::kAuto, 2.0}},
                       access_),
               UserError);
}

TEST(SplitLocationTest, CutsAtTheFolderOfTheGlob) {
  const auto parts = [](const std::string& path) {
    const StoreLocation location = split_location(path);
    return location.root + " | " + location.pattern;
  };
  EXPECT_EQ(parts("gs://b/chats/*.jsonl"), "gs://b/chats | *.jsonl");
  EXPECT_EQ(parts("gs://b/c*/x.jsonl"), "gs://b | c*/x.jsonl");
  EXPECT_EQ(parts("gs://b/chats/"), "gs://b | chats");
  EXPECT_EQ(parts("gs://b"), "gs://b | ");
  EXPECT_EQ(parts("gs://b/*.jsonl"), "gs://b | *.jsonl");
  EXPECT_EQ(parts("/x/y.parquet"), "/x | y.parquet");
  EXPECT_EQ(parts("/y.parquet"), "/ | y.parquet");
  EXPECT_EQ(parts("y.parquet"), ". | y.parquet");
  EXPECT_EQ(parts("*.parquet"), ". | *.parquet");
  EXPECT_EQ(parts("file:///y"), "file:/// | y");
  EXPECT_THROW(split_location("gs://"), UserError);
  EXPECT_THROW(split_location("gs://*"), UserError);
}

}  // namespace
}  // namespace temper::data
