// The Hub as a store: what only it does, and its case for the conformance suite of stores
// (tests/core/storage/object_store_test.cpp), whose writes become commits of the emulated Hub.

#include "core/hub/hub_store.h"

#include <fmt/format.h>

#include <atomic>
#include <fstream>
#include <set>

#include "core/storage/object_key.h"
#include "tests/core/hub/pull_fixture.h"
#include "tests/core/storage/store_cases.h"

namespace temper::hub {
namespace {

using storage::StorageError;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// A HubStore with a way to write behind it, for suites that write what they read. Written objects
/// become one commit when they are next read.
class SeededHubStore final : public storage::ObjectStore {
 public:
  SeededHubStore(std::filesystem::path folder, std::string name)
      : folder_(std::move(folder)), name_(std::move(name)) {
    commit();
  }

  std::string url() const override { return "hf://datasets/" + name_ + "/store"; }
  std::optional<storage::ObjectState> state(std::string_view key) const override {
    return store().state(key);
  }
  std::optional<std::vector<std::byte>> read(std::string_view key) const override {
    return store().read(key);
  }
  void read_range(std::string_view key, std::uint64_t begin,
                  std::span<std::byte> out) const override {
    store().read_range(key, begin, out);
  }
  std::vector<storage::ObjectInfo> list(std::string_view prefix) const override {
    return store().list(prefix);
  }
  void write(std::string_view key, std::span<const std::byte> bytes) override {
    storage::check_key(key);
    const std::filesystem::path file = folder_ / fmt::format("content-{}", ++num_files_);
    std::ofstream(file, std::ios::binary)
        << std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    pending_["store/" + std::string(key)] = {{"file", file.string()}};
    keys_.insert(std::string(key));
    opened_.reset();
  }
  bool create_if_absent(std::string_view key, std::span<const std::byte> bytes) override {
    storage::check_key(key);
    if (keys_.contains(std::string(key))) {
      return false;
    }
    write(key, bytes);
    return true;
  }
  void remove(std::string_view key) override {
    storage::check_key(key);
    commit();
    removed_.push_back("store/" + std::string(key));
    keys_.erase(std::string(key));
    commit();
  }

 private:
  void commit() const {
    const nlohmann::json request = {
        {"kind", "datasets"}, {"name", name_}, {"files", pending_}, {"remove", removed_}};
    emulated_hub().post("repository", request.dump());
    pending_ = nlohmann::json::object();
    removed_ = nlohmann::json::array();
    opened_.reset();
  }
  const storage::ObjectStore& store() const {
    if (!opened_) {
      if (!pending_.empty()) {
        commit();
      }
      storage::OpenOptions options;
      options.environment = Environment(
          {{"HF_ENDPOINT", emulated_hub().url()}, {"HF_HOME", (folder_ / "hf").string()}});
      options.logger = Logger(LogLevel::kError);
      opened_ = open_any_store(url(), options, clock_);
    }
    return *opened_;
  }

  const std::filesystem::path folder_;
  const std::string name_;
  std::set<std::string> keys_;
  int num_files_ = 0;
  mutable SystemClock clock_;
  mutable nlohmann::json pending_ = nlohmann::json::object();
  mutable nlohmann::json removed_ = nlohmann::json::array();
  mutable std::unique_ptr<storage::ObjectStore> opened_;
};

class HubStoreTest : public PullFixture {
 protected:
  std::unique_ptr<storage::ObjectStore> store(
      const std::string& url, const std::map<std::string, std::string>& variables = {}) {
    return open_any_store(url, options(variables), clock_);
  }
};

TEST_F(HubStoreTest, ReadsAFolderOfADataSet) {
  put("org/chats", {{"data/a.jsonl", "{}\n"}, {"data/b/c.jsonl", "x"}, {"README.md", ""}},
      {{"kind", "datasets"}});
  const auto data = store("hf://datasets/org/chats@main/data");
  EXPECT_EQ(storage::read_text(*data, "a.jsonl"), "{}\n");
  EXPECT_THAT(data->list(""),
              ElementsAre(storage::ObjectInfo{"a.jsonl", 3}, storage::ObjectInfo{"b/c.jsonl", 1}));
}

TEST_F(HubStoreTest, LooksTheCommitUpOnce) {
  const std::string commit = put("org/chats", {{"a", "1"}}, {{"kind", "datasets"}});
  const auto data = store("hf://datasets/org/chats");
  EXPECT_EQ(storage::read_text(*data, "a"), "1");
  put("org/chats", {{"a", "2"}}, {{"kind", "datasets"}});
  EXPECT_EQ(storage::read_text(*data, "a"), "1");
  EXPECT_EQ(storage::read_text(*store("hf://datasets/org/chats@" + commit), "a"), "1");
}

TEST_F(HubStoreTest, RangesComeFromTheCdnWithoutToken) {
  put("org/chats", {{"a.parquet", {{"bytes", 100'000}}}}, {{"kind", "datasets"}});
  const auto data = store("hf://datasets/org/chats", {{"HF_TOKEN", "hf_read"}});
  std::vector<std::byte> out(10);
  data->read_range("a.parquet", 50'000, out);
  data->read_range("a.parquet", 60'000, out);
  EXPECT_THAT(requests("cdn"), ::testing::SizeIs(2));
  EXPECT_EQ(requests("cdn")[1]["authorization"], "");
  int num_resolved = 0;
  for (const auto& request : requests("hub")) {
    num_resolved += request["path"].get<std::string>().find("/resolve/") != std::string::npos;
  }
  EXPECT_EQ(num_resolved, 1);  // where it redirects to is remembered
}

TEST_F(HubStoreTest, IsOnlyReadFrom) {
  put("org/chats", {{"a", "1"}}, {{"kind", "datasets"}});
  const auto data = store("hf://datasets/org/chats");
  for (const std::function<void()>& change : std::vector<std::function<void()>>{
           [&] { data->write("a", {}); }, [&] { (void)data->create_if_absent("b", {}); },
           [&] { data->remove("a"); }}) {
    try {
      change();
      ADD_FAILURE() << "no error";
    } catch (const StorageError& error) {
      EXPECT_EQ(error.kind(), StorageError::Kind::kRefused);
      EXPECT_THAT(error.what(), HasSubstr("only read"));
    }
  }
}

TEST_F(HubStoreTest, ThrowsStorageErrors) {
  try {
    store("hf://datasets/org/absent")->list("");
    FAIL();
  } catch (const StorageError& error) {
    EXPECT_EQ(error.kind(), StorageError::Kind::kNotFound);
    EXPECT_THAT(error.what(), HasSubstr("has no data set 'org/absent'"));
  }
}

}  // namespace
}  // namespace temper::hub

namespace temper::storage {

std::vector<StoreCase> store_cases() {
  return {{"Hub", [](const testing::TemporaryDirectory& folder) {
             static std::atomic<int> number = 0;
             return std::make_unique<hub::SeededHubStore>(folder.path(),
                                                          fmt::format("org/store{}", ++number));
           }}};
}

}  // namespace temper::storage
