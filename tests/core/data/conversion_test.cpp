#include "core/data/convert/conversion.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "core/base/error.h"
#include "core/data/convert/data_check.h"
#include "core/data/convert/mds_columns.h"
#include "core/storage/memory_store.h"
#include "tests/core/data/stored_data.h"
#include "tests/support/temporary_directory.h"

namespace temper::data {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;
using Json = nlohmann::json;

constexpr const char* kRecords =
    R"({"messages": [{"role": "user", "content": "é \"\n"}], "id": 1, "score": 0.5, "note": "a"})"
    "\n"
    R"({"note": "", "messages": [], "id": -9223372036854775808, "score": 1e300, "mixed": "x"})"
    "\n"
    R"({"messages": null, "id": 3, "score": 0.1, "note": "b", "mixed": 18446744073709551615})"
    "\n";

class ConversionTest : public ::testing::Test {
 protected:
  Dataset open(const std::string& path) const {
    DataAccess access;
    access.cache_dir = folder_ / "cache";
    access.open_store = [this](const std::string& location) {
      return location.starts_with("fake://") ? opener_of(*store_)(location)
                                             : storage::open_store(location);
    };
    return {{{path, recipe::DataFormat::kAuto}}, access};
  }
  std::string source(const std::string& lines) const {
    testing::write_file(folder_ / "source.jsonl", lines);
    return (folder_ / "source.jsonl").string();
  }
  static std::vector<Json> records_of(const Dataset& dataset) {
    std::vector<Json> records;
    for (std::uint64_t i = 0; i < dataset.size(); ++i) {
      records.push_back(Json::parse(dataset.read(i).bytes));
    }
    return records;
  }
  testing::TemporaryDirectory folder_;
  std::unique_ptr<UnreliableStore> store_ =
      std::make_unique<UnreliableStore>(1, UnreliableStore::Odds{});
};

TEST_F(ConversionTest, ColumnsLoseNothing) {
  MdsColumnFinder finder;
  for (const Json& record : records_of(open(source(kRecords)))) {
    finder.add(record.dump(), "here");
  }
  std::vector<std::pair<std::string, std::string>> columns;
  for (const MdsColumn& column : finder.columns()) {
    columns.emplace_back(column.name, column.encoding.name());
  }
  EXPECT_THAT(columns,
              ElementsAre(Pair("id", "int"), Pair("messages", "json"), Pair("mixed", "json"),
                          Pair("note", "str"), Pair("score", "float64")));
}

TEST_F(ConversionTest, RecordsComeBackFromMdsAndFromLines) {
  const Dataset dataset = open(source(kRecords));
  std::vector<Json> expected = records_of(dataset);
  expected[0]["mixed"] = nullptr;  // lacking becomes null
  for (const Compression compression :
       {Compression::kNone, Compression::kZstd, Compression::kGzip}) {
    store_ = std::make_unique<UnreliableStore>(1, UnreliableStore::Odds{});
    EXPECT_EQ(convert_to_mds(dataset, *store_, {compression, 300}).num_records, 3U);
    EXPECT_EQ(records_of(open("fake://bucket")), expected);
    storage::MemoryStore lines;
    const auto result = convert_to_jsonl(dataset, lines, {compression, 150});
    EXPECT_EQ(result.num_shards, 3U);
    for (const auto& object : lines.list("")) {
      store_->write("lines/" + object.key, *lines.read(object.key));
    }
    EXPECT_EQ(records_of(open("fake://bucket/lines")), records_of(dataset));
  }
}

TEST_F(ConversionTest, NothingIsOverwritten) {
  const Dataset dataset = open(source(kRecords));
  convert_to_mds(dataset, *store_, {});
  EXPECT_THROW(convert_to_mds(dataset, *store_, {}), UserError);
  convert_to_jsonl(dataset, *store_, {});
  EXPECT_THROW(convert_to_jsonl(dataset, *store_, {}), UserError);
}

TEST_F(ConversionTest, WhatIsNoObjectIsNamed) {
  for (const char* wrong : {"[1]\n", "{}\n", "{\"a\": \n", "text\n"}) {
    const Dataset dataset = open(source(std::string("{\"a\": 1}\n") + wrong));
    try {
      convert_to_mds(dataset, *store_, {});
      FAIL() << wrong;
    } catch (const UserError& error) {
      EXPECT_THAT(error.what(), HasSubstr("source.jsonl:2: "));
    }
  }
}

TEST_F(ConversionTest, ACheckCountsKeysAndListsProblems) {
  const DataReport report = check_data(
      open(
          source("{\"text\": \"a\"}\n{\"prompt\": 1, \"completion\": 2}\nno\n{\"text\": \"b\"}\n")),
      20);
  EXPECT_EQ(report.num_records, 3U);
  EXPECT_THAT(report.by_keys, ElementsAre(Pair("completion, prompt", 1), Pair("text", 2)));
  EXPECT_THAT(report.problems, ElementsAre(HasSubstr("source.jsonl:3: no JSON object")));
}

}  // namespace
}  // namespace temper::data
