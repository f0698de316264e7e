#include "core/data/mds/mds_shard.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/error.h"
#include "core/base/hash.h"
#include "core/data/mds/mds_writer.h"
#include "core/storage/memory_store.h"
#include "tests/core/data/mds_test_data.h"

namespace temper::data {
namespace {

using ::testing::HasSubstr;

std::string text_of(const std::vector<std::byte>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// The golden samples in a store, as MdsWriter writes them.
class MdsShardTest : public ::testing::Test {
 protected:
  void write(const MdsWriter::Options& options = {}) {
    MdsWriter writer(store_, golden_columns(), options);
    for (const auto& sample : golden_samples()) {
      writer.add(sample);
    }
    writer.finish();
  }
  std::vector<MdsShardInfo> infos() const {
    return parse_mds_index(text_of(*store_.read("index.json")), "index.json");
  }
  storage::MemoryStore store_;
};

TEST_F(MdsShardTest, WritesTheBytesThatUpstreamWrites) {
  write();
  const auto shard = *store_.read("shard.00000.mds");
  EXPECT_EQ(shard.size(), 296U);
  EXPECT_EQ(sha256_hex(shard), "5d91ee1eb7fc0354b6c2d36c41327e6ec3cb531e61cb1463203bbef693d83574");
}

TEST_F(MdsShardTest, ReadsSamplesAsJson) {
  write();
  const auto bytes = *store_.read("shard.00000.mds");
  const auto info = infos();
  ASSERT_EQ(info.size(), 1U);
  const MdsShard shard(bytes, info[0], "x.mds");
  ASSERT_EQ(shard.size(), 2U);
  EXPECT_EQ(shard.read_json(0), R"({"id":7,"text":"hi","tokens":[1,2,3]})");
  EXPECT_EQ(shard.read_json(1), R"({"id":-1,"text":"é","tokens":[65536]})");
}

TEST_F(MdsShardTest, CutsShardsAtTheSizeLimit) {
  MdsWriter::Options options;
  options.size_limit_bytes = 300;
  write(options);
  EXPECT_EQ(infos().size(), 1U);
  storage::MemoryStore other;
  options.size_limit_bytes = 270;
  MdsWriter writer(other, golden_columns(), options);
  for (const auto& sample : golden_samples()) {
    writer.add(sample);
  }
  writer.finish();
  EXPECT_EQ(writer.num_shards(), 2U);
  EXPECT_TRUE(other.size("shard.00001.mds"));
}

TEST_F(MdsShardTest, TheIndexIsWrittenLastAndNeverReplaced) {
  MdsWriter writer(store_, golden_columns(), {});
  writer.add(golden_samples()[0]);
  EXPECT_FALSE(store_.size("index.json"));
  EXPECT_TRUE(store_.create_if_absent("index.json", {}));
  EXPECT_THROW(writer.finish(), UserError);
  EXPECT_THROW(MdsWriter(store_, golden_columns(), {}), UserError);
}

TEST_F(MdsShardTest, EveryTruncationIsRefused) {
  write();
  const auto bytes = *store_.read("shard.00000.mds");
  const auto info = infos();
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_THROW(MdsShard(std::span(bytes).first(size), info[0], "x"), FatalError) << size;
  }
}

TEST_F(MdsShardTest, AnyDamagedByteIsAnErrorOrAnotherSampleButNeverACrash) {
  write();
  const auto sound = *store_.read("shard.00000.mds");
  const auto info = infos();
  for (std::size_t i = 0; i < sound.size(); ++i) {
    for (const std::byte flip : {std::byte{0x01}, std::byte{0x80}, std::byte{0xff}}) {
      auto bytes = sound;
      bytes[i] ^= flip;
      try {
        const MdsShard shard(bytes, info[0], "x");
        shard.read_json(0);
        shard.read_json(1);
      } catch (const FatalError&) {
        continue;
      }
    }
  }
}

TEST_F(MdsShardTest, AnErrorNamesFileSampleAndColumn) {
  write();
  auto bytes = *store_.read("shard.00000.mds");
  const auto info = infos();
  bytes[bytes.size() - 6] = std::byte{0x08};  // of the last array: two dimensions
  const MdsShard shard(bytes, info[0], "gs://b/x.mds");
  try {
    shard.read_json(1);
    FAIL();
  } catch (const FatalError& error) {
    EXPECT_THAT(error.what(), HasSubstr("gs://b/x.mds:1: column tokens"));
  }
}

TEST_F(MdsShardTest, IndexesThatLieAreRefused) {
  write();
  const std::string sound = text_of(*store_.read("index.json"));
  const auto replaced = [&](const std::string& what, const std::string& by) {
    std::string json = sound;
    const auto at = json.find(what);
    EXPECT_NE(at, std::string::npos) << what;
    return json.replace(at, what.size(), by);
  };
  for (const auto& [what, by] : std::vector<std::pair<std::string, std::string>>{
           {"\"samples\": 2", "\"samples\": -2"},
           {"\"samples\": 2", "\"samples\": 9999999999"},
           {"\"samples\": 2", "\"sample\": 2"},
           {"shard.00000.mds", "../shard.00000.mds"},
           {"shard.00000.mds", "/etc/passwd"},
           {"[8, null, null]", "[8, null]"},
           {"[8, null, null]", "[4, null, null]"},
           {"[8, null, null]", "[8, 7, null]"},
           {"\"bytes\": 296", "\"bytes\": \"296\""},
           {"\"hashes\": {", "\"hashes\": null, \"x\": {"},
           {"{\"shards\"", "\"shards\""}}) {
    EXPECT_THROW(parse_mds_index(replaced(what, by), "i"), FatalError) << by;
  }
  for (const auto& [what, by] : std::vector<std::pair<std::string, std::string>>{
           {"\"mds\"", "\"json\""},
           {"\"str\"", "\"pkl\""},
           {", \"version\": 2}", ", \"version\": 3}"},
           {"\"zip_data\": null",
            "\"zip_data\": {\"basename\": \"a\", \"bytes\": 1, \"hashes\": {}}, \"q\": 1"}}) {
    std::string json = replaced(what, by);
    if (by.find("version") != std::string::npos) {
      json = sound.substr(0, sound.size() - 2) + "3}";
    }
    EXPECT_THROW(parse_mds_index(json, "i"), Error) << by;
  }
  for (std::size_t size = 0; size < sound.size(); ++size) {
    EXPECT_THROW(parse_mds_index(sound.substr(0, size), "i"), FatalError) << size;
  }
}

}  // namespace
}  // namespace temper::data
