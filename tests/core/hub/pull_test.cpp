// Models and files from an emulated Hub into the cache.

#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <random>
#include <thread>

#include "core/base/file_error.h"
#include "core/base/hash.h"
#include "core/hub/local_model.h"
#include "core/hub/repository_cache.h"
#include "core/hub/snapshot.h"
#include "tests/core/hub/pull_fixture.h"
#include "tests/support/child_process.h"
#include "tests/support/small_disk.h"

namespace temper::hub {
namespace {

namespace fs = std::filesystem;
using temper::testing::read_file;
using temper::testing::write_file;
using ::testing::AllOf;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using Kind = HubError::Kind;

const nlohmann::json kModel = {{"config.json", "{}"},
                               {"tokenizer.json", "{\"t\":1}"},
                               {"README.md", "# card"},
                               {"pytorch_model.bin", {{"bytes", 5000}}},
                               {"onnx/model.onnx", {{"bytes", 5000}}},
                               {"model.safetensors", {{"bytes", 3'000'000}, {"seed", 1}}}};

/// Small pieces, so that a few megabytes are many.
FetchOptions small_pieces() {
  FetchOptions options;
  options.pieces = {200'000, 4, 6};
  return options;
}

class PullTest : public PullFixture {
 protected:
  fs::path fetch(const std::string& url, const std::map<std::string, std::string>& variables = {},
                 const FetchOptions& options = {}) {
    return fetch_model(hub(variables), parse_hub_url(url), ModelParts::kAll, options);
  }
  RepositoryCache repository(const std::string& name = "org/tiny") const {
    return {cache(), {RepositoryKind::kModel, name}};
  }
  /// Where the first byte lies that the CDN was asked for since its `num_before`-th request.
  std::uint64_t lowest_offset(std::size_t num_before) const {
    std::uint64_t lowest = UINT64_MAX;
    const std::vector<nlohmann::json> all = requests("cdn");
    for (std::size_t i = num_before; i < all.size(); ++i) {
      const std::string range = all[i]["range"];
      lowest = std::min<std::uint64_t>(
          lowest, range.starts_with("bytes=") ? std::stoull(range.substr(6)) : 0);
    }
    return lowest;
  }
};

std::vector<std::string> names_in(const fs::path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder)) {
    names.push_back(entry.path().filename());
  }
  std::sort(names.begin(), names.end());
  return names;
}

TEST_F(PullTest, FetchesWhatTheModelNeeds) {
  const std::string commit = put("org/tiny", kModel);
  const fs::path folder = fetch("hf://org/tiny");
  EXPECT_EQ(folder, cache() / "models--org--tiny/snapshots" / commit);
  EXPECT_THAT(names_in(folder), ElementsAre("config.json", "model.safetensors", "tokenizer.json"));
  EXPECT_EQ(read_file(folder / "tokenizer.json"), "{\"t\":1}");
  EXPECT_EQ(fs::file_size(folder / "model.safetensors"), 3'000'000U);
}

TEST_F(PullTest, LaysTheCacheOutAsPythonDoes) {
  const std::string commit = put("org/tiny", kModel);
  const fs::path folder = fetch("hf://org/tiny");
  const fs::path blob = fs::read_symlink(folder / "model.safetensors");
  EXPECT_EQ(blob.parent_path(), "../../blobs");
  EXPECT_EQ(blob.filename(), sha256_hex(read_file(folder / "model.safetensors")));
  EXPECT_EQ(read_file(cache() / "models--org--tiny/refs/main"), commit);
  EXPECT_TRUE(fs::exists(cache() / "CACHEDIR.TAG"));
  EXPECT_TRUE(
      fs::exists(cache() / ".locks/models--org--tiny" / (blob.filename().string() + ".lock")));
}

TEST_F(PullTest, AsksNothingForACachedCommit) {
  const std::string commit = put("org/tiny", kModel);
  fetch("hf://org/tiny@" + commit);
  const std::size_t before = requests().size();
  fetch("hf://org/tiny@" + commit);
  EXPECT_EQ(requests().size(), before);
}

TEST_F(PullTest, AsksOnceForACachedBranch) {
  put("org/tiny", kModel);
  fetch("hf://org/tiny");
  const std::size_t before = requests().size();
  fetch("hf://org/tiny@main");
  EXPECT_EQ(requests().size(), before + 1);
}

TEST_F(PullTest, FollowsTheBranch) {
  put("org/tiny", kModel);
  fetch("hf://org/tiny");
  put("org/tiny", {{"config.json", "{\"new\":1}"}});
  EXPECT_EQ(read_file(fetch("hf://org/tiny") / "config.json"), "{\"new\":1}");
}

TEST_F(PullTest, ConfigComesWithoutWeights) {
  put("org/tiny", kModel);
  const fs::path folder = fetch_model(hub(), parse_hub_url("hf://org/tiny"), ModelParts::kConfig);
  EXPECT_THAT(names_in(folder), ElementsAre("config.json", "tokenizer.json"));
  EXPECT_THAT(requests("cdn"), IsEmpty());
}

TEST_F(PullTest, FetchesShardsByTheIndex) {
  put("org/tiny",
      {{"config.json", "{}"},
       {"model.safetensors.index.json",
        R"({"weight_map":{"a":"model-1.safetensors","b":"model-2.safetensors","c":"model-1.safetensors"}})"},
       {"model-1.safetensors", {{"bytes", 1000}, {"seed", 1}}},
       {"model-2.safetensors", {{"bytes", 2000}, {"seed", 2}}},
       {"extra.safetensors", {{"bytes", 2000}, {"seed", 3}}}});
  EXPECT_THAT(names_in(fetch("hf://org/tiny")),
              ElementsAre("config.json", "model-1.safetensors", "model-2.safetensors",
                          "model.safetensors.index.json"));
}

TEST_F(PullTest, FetchesOneGgufFile) {
  put("org/tiny", {{"a.gguf", {{"bytes", 1000}}}, {"README.md", ""}});
  EXPECT_EQ(fetch("hf://org/tiny").filename(), "a.gguf");
  put("org/tiny", {{"b.gguf", {{"bytes", 1000}, {"seed", 2}}}});
  EXPECT_EQ(fetch("hf://org/tiny/b.gguf").filename(), "b.gguf");
  const auto [kind, message] = error_of([&] { fetch("hf://org/tiny"); });
  EXPECT_EQ(kind, Kind::kNoEntry);
  EXPECT_THAT(message, HasSubstr("choose one: hf://org/tiny/{a.gguf,b.gguf}"));
}

TEST_F(PullTest, ReadsAFolderOfTheRepository) {
  put("org/tiny", {{"sub/config.json", "{}"}, {"sub/model.safetensors", {{"bytes", 10}}}});
  EXPECT_THAT(names_in(fetch("hf://org/tiny/sub")),
              ElementsAre("config.json", "model.safetensors"));
}

TEST_F(PullTest, KeepsTheTokenFromTheCdn) {
  put("org/tiny", kModel, {{"private", true}});
  fetch("hf://org/tiny", {{"HF_TOKEN", "hf_read"}});
  EXPECT_THAT(requests("cdn"), Not(IsEmpty()));
  for (const auto& request : requests()) {
    EXPECT_EQ(request["authorization"], request["host"] == "hub" ? "Bearer hf_read" : "");
  }
}

TEST_F(PullTest, FollowsRenamedRepositories) {
  put("org/tiny", kModel, {{"moved_from", "old/tiny"}});
  EXPECT_THAT(names_in(fetch("hf://old/tiny")), SizeIs(3));
}

// Interrupted transfers.

TEST_F(PullTest, GoesOnWhereAnotherProcessStopped) {
  put("org/tiny", kModel);
  const std::string content = read_file(fetch("hf://org/tiny") / "model.safetensors");
  const std::string etag = sha256_hex(content);
  fs::remove_all(cache());
  write_file(repository().incomplete(etag), content.substr(0, 1'234'567));
  const std::size_t num_before = requests("cdn").size();
  const fs::path folder = fetch("hf://org/tiny", {}, small_pieces());
  EXPECT_EQ(read_file(folder / "model.safetensors"), content);
  EXPECT_EQ(lowest_offset(num_before), 1'234'567U);
  EXPECT_FALSE(fs::exists(repository().incomplete(etag)));
}

TEST_F(PullTest, GoesOnAfterAKillAmidTheDownload) {
  put("org/tiny", kModel);
  const std::string content = read_file(fetch("hf://org/tiny") / "model.safetensors");
  const fs::path incomplete = repository().incomplete(sha256_hex(content));
  fs::remove_all(cache());
  // After six pieces and up to three that overtook them it waits to be killed.
  fault({{{"path", "/cdn/"}, {"at", 9}, {"times", -1}, {"stall", 30}}});
  const int code = temper::testing::run_in_child([&]() -> std::string {
    std::thread([&incomplete] {
      std::error_code absent;
      while (!fs::exists(incomplete, absent) || fs::file_size(incomplete, absent) < 1'000'000) {
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
      }
      ::kill(::getpid(), SIGKILL);
    }).detach();
    fetch("hf://org/tiny", {}, small_pieces());
    return "was done before it was killed";
  });
  ASSERT_EQ(code, 128 + SIGKILL);
  ASSERT_FALSE(fs::exists(repository().blob(sha256_hex(content))));
  const std::uint64_t there = fs::file_size(incomplete);
  EXPECT_GE(there, 1'000'000U);
  emulated_hub().post("heal");

  const std::size_t num_before = requests("cdn").size();
  const fs::path folder = fetch("hf://org/tiny", {}, small_pieces());
  EXPECT_EQ(sha256_hex(read_file(folder / "model.safetensors")), sha256_hex(content));
  // The server may note a last request of the killed process only now; it was for bytes behind.
  EXPECT_EQ(lowest_offset(num_before), there);
}

TEST_F(PullTest, StartsOverFromADamagedBeginning) {
  put("org/tiny", kModel);
  const std::string content = read_file(fetch("hf://org/tiny") / "model.safetensors");
  fs::remove_all(cache());
  write_file(repository().incomplete(sha256_hex(content)), std::string(1'000'000, 'x'));
  EXPECT_EQ(read_file(fetch("hf://org/tiny") / "model.safetensors"), content);
}

TEST_F(PullTest, SurvivesCutsDelaysAndRefusals) {
  put("org/tiny", kModel);
  fault({{{"path", "^/cdn/"}, {"cut_reply", 70'000}, {"times", 4}},
         {{"path", "^/cdn/"}, {"status", 503}, {"times", 2}, {"at", 5}},
         {{"path", "^/api/"}, {"status", 429}, {"headers", {{"RateLimit", "\"api\";r=0;t=55"}}}},
         {{"path", "resolve"}, {"lose_reply", true}}});
  const fs::path folder = fetch("hf://org/tiny", {}, small_pieces());
  EXPECT_EQ(fs::read_symlink(folder / "model.safetensors").filename(),
            sha256_hex(read_file(folder / "model.safetensors")));
  EXPECT_THAT(clock_.sleeps(), ::testing::Contains(::testing::Ge(std::chrono::seconds(56))));
}

TEST_F(PullTest, AsksAgainForAnExpiredUrl) {
  put("org/tiny", kModel);
  fault({{{"path", "^/cdn/"}, {"status", 403}, {"at", 3}}});
  EXPECT_EQ(fs::file_size(fetch("hf://org/tiny", {}, small_pieces()) / "model.safetensors"),
            3'000'000U);
}

TEST_F(PullTest, RepeatsADamagedTransferOnce) {
  put("org/tiny", kModel);
  fault({{{"path", "^/cdn/"}, {"corrupt_reply", 77}, {"at", 2}}});
  const fs::path folder = fetch("hf://org/tiny", {}, small_pieces());
  EXPECT_EQ(fs::read_symlink(folder / "model.safetensors").filename(),
            sha256_hex(read_file(folder / "model.safetensors")));
}

TEST_F(PullTest, RefusesOtherBytesThanThePromised) {
  put("org/tiny", kModel);
  const std::string etag = sha256_hex(read_file(fetch("hf://org/tiny") / "model.safetensors"));
  fs::remove_all(cache());
  emulated_hub().post("lie", nlohmann::json({{"sha256", {etag}}}).dump());
  const auto [kind, message] = error_of([&] { fetch("hf://org/tiny"); });
  EXPECT_EQ(kind, Kind::kDamaged);
  EXPECT_THAT(message, AllOf(HasSubstr("sha256"), HasSubstr(etag), HasSubstr("twice")));
  EXPECT_FALSE(fs::exists(repository().blob(etag)));
  EXPECT_EQ(fs::file_size(repository().incomplete(etag)), 0U);
}

TEST_F(PullTest, ChecksSmallFilesToo) {
  put("org/tiny", kModel);
  fault({{{"path", "resolve-cache.*tokenizer"}, {"corrupt_reply", 1}, {"times", -1}}});
  const auto [kind, message] = error_of([&] { fetch("hf://org/tiny"); });
  EXPECT_EQ(kind, Kind::kDamaged);
  EXPECT_THAT(message, HasSubstr("git oid"));
}

TEST_F(PullTest, SeededFaultsNeverLeaveWrongBytes) {
  put("org/tiny", kModel);
  constexpr int kSchedules = 60;
  int num_failed = 0;
  for (int seed = 0; seed < kSchedules; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    fs::remove_all(cache());
    emulated_hub().post("heal");
    std::mt19937 random(static_cast<unsigned>(seed));
    nlohmann::json faults = nlohmann::json::array();
    const std::vector<nlohmann::json> kinds = {
        {{"status", 500}},      {{"status", 503}, {"headers", {{"Retry-After", "3"}}}},
        {{"status", 429}},      {{"cut_reply", static_cast<int>(random() % 150'000)}},
        {{"lose_reply", true}}, {{"corrupt_reply", static_cast<int>(random() % 200'000)}},
        {{"refuse", true}},     {{"status", 403}}};
    for (unsigned i = 0; i < 1 + random() % 6; ++i) {
      nlohmann::json one = kinds[random() % kinds.size()];
      one["path"] = std::vector<std::string>{"^/cdn/", "", "resolve", "^/api/"}[random() % 4];
      one["at"] = random() % 12;
      one["times"] = 1 + random() % 3;
      if (one.contains("corrupt_reply") || one.value("status", 0) == 403) {
        one["path"] = "^/cdn/";
      }
      faults.push_back(one);
    }
    fault(faults);
    try {
      fetch("hf://org/tiny", {}, small_pieces());
    } catch (const HubError&) {
      ++num_failed;
      emulated_hub().post("heal");
    }
    const fs::path folder = fetch("hf://org/tiny", {}, small_pieces());
    EXPECT_EQ(fs::read_symlink(folder / "model.safetensors").filename(),
              sha256_hex(read_file(folder / "model.safetensors")));
    EXPECT_EQ(read_file(folder / "tokenizer.json"), "{\"t\":1}");
  }
  EXPECT_LT(num_failed, kSchedules / 3);
}

TEST_F(PullTest, OneDownloadsWhenSeveralAsk) {
  put("org/tiny", kModel);
  fault({{{"path", "^/cdn/"}, {"stall", 0.2}, {"times", -1}}});
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] { fetch("hf://org/tiny"); });
  }
  threads.clear();
  EXPECT_THAT(requests("cdn"), SizeIs(1));
}

// Without a network.

TEST_F(PullTest, OfflineTakesWhatIsThere) {
  const std::string commit = put("org/tiny", kModel);
  fetch("hf://org/tiny");
  const std::size_t before = requests().size();
  const std::map<std::string, std::string> offline = {{"HF_HUB_OFFLINE", "1"}};
  EXPECT_EQ(fetch("hf://org/tiny", offline).filename(), commit);
  EXPECT_EQ(error_of([&] { fetch("hf://org/other", offline); }).first, Kind::kOffline);
  fs::remove_all(repository().folder() / "blobs");
  const auto [kind, message] = error_of([&] { fetch("hf://org/tiny", offline); });
  EXPECT_EQ(kind, Kind::kOffline);
  EXPECT_THAT(message, HasSubstr("HF_HUB_OFFLINE"));
  EXPECT_EQ(requests().size(), before);
}

TEST_F(PullTest, TakesTheLastKnownCommitOfAHubThatIsDown) {
  const std::string commit = put("org/tiny", kModel);
  fetch("hf://org/tiny");
  fault({{{"status", 503}, {"times", -1}}});
  EXPECT_EQ(fetch("hf://org/tiny").filename(), commit);
}

// Refusals.

TEST_F(PullTest, SaysWhatIsNotThere) {
  put("org/tiny", kModel);
  put("org/secret", kModel, {{"private", true}});
  EXPECT_EQ(error_of([&] { fetch("hf://org/absent"); }).first, Kind::kNoRepository);
  EXPECT_EQ(error_of([&] { fetch("hf://org/tiny@absent"); }).first, Kind::kNoRevision);
  EXPECT_EQ(error_of([&] { fetch("hf://org/tiny@" + std::string(40, '0')); }).first,
            Kind::kNoRevision);
  EXPECT_EQ(error_of([&] { fetch("hf://org/tiny/absent"); }).first, Kind::kNoEntry);
  EXPECT_EQ(error_of([&] { fetch("hf://org/secret"); }).first, Kind::kNoRepository);
  EXPECT_EQ(error_of([&] {
              fetch("hf://org/tiny", {{"HF_TOKEN", "hf_wrong"}});
            }).first,
            Kind::kTokenRefused);
}

TEST_F(PullTest, ExplainsGatedRepositories) {
  put("org/gated", kModel, {{"gated", true}});
  const auto [kind, message] = error_of([&] { fetch("hf://org/gated"); });
  EXPECT_EQ(kind, Kind::kGated);
  EXPECT_THAT(message, AllOf(HasSubstr("accept its conditions at"), HasSubstr("HF_TOKEN")));
  EXPECT_EQ(error_of([&] {
              fetch("hf://org/gated", {{"HF_TOKEN", "hf_other"}});
            }).first,
            Kind::kGated);
  fetch("hf://org/gated", {{"HF_TOKEN", "hf_read"}});
}

TEST_F(PullTest, SaysWhyAFolderIsNoModel) {
  const auto message_of = [&](const nlohmann::json& files) {
    static int number = 0;
    const std::string name = "org/bad" + std::to_string(++number);
    put(name, files);
    const auto [kind, message] = error_of([&] { fetch("hf://" + name); });
    EXPECT_EQ(kind, Kind::kNoEntry);
    return message;
  };
  const nlohmann::json weights = {{"bytes", 10}};
  EXPECT_THAT(message_of({{"model.safetensors", weights}}), HasSubstr("no config.json"));
  EXPECT_THAT(message_of({{"config.json", "{}"}, {"pytorch_model.bin", weights}}),
              HasSubstr("pickled"));
  EXPECT_THAT(message_of({{"adapter_config.json", "{}"}, {"adapter_model.safetensors", weights}}),
              HasSubstr("is an adapter"));
  EXPECT_THAT(message_of({{"config.json", "{}"}}), HasSubstr("neither"));
  EXPECT_THAT(message_of({{"config.json", "{}"},
                          {"model.safetensors.index.json", R"({"weight_map":{"a":"x"}})"}}),
              HasSubstr("is incomplete"));
}

TEST_F(PullTest, LooksAtTheDiskFirst) {
  put("org/tiny", kModel);
  FetchOptions full;
  full.free_bytes = [](const fs::path&) { return 1000U; };
  const auto [kind, message] = error_of([&] { fetch("hf://org/tiny", {}, full); });
  EXPECT_EQ(kind, Kind::kNoSpace);
  EXPECT_THAT(message,
              AllOf(HasSubstr("3.0 MB"), HasSubstr("room for 1.0 kB"), HasSubstr("HF_HUB_CACHE")));
  EXPECT_THAT(requests("cdn"), IsEmpty());
}

TEST_F(PullTest, GoesOnAfterTheDiskWasFull) {
  put("org/tiny", kModel);
  // For users who may not mount a small disk, as the test below does.
  struct rlimit before {};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  struct rlimit tight = before;
  tight.rlim_cur = 1'100'000;
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &tight), 0);
  EXPECT_THROW(fetch("hf://org/tiny", {}, small_pieces()), FileError);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  std::signal(SIGXFSZ, handler);
  const std::size_t num_before = requests("cdn").size();
  const fs::path folder = fetch("hf://org/tiny", {}, small_pieces());
  EXPECT_EQ(fs::file_size(folder / "model.safetensors"), 3'000'000U);
  EXPECT_LE(requests("cdn").size() - num_before, 10U);  // of 15 pieces
}

TEST_F(PullTest, AFullDiskIsSaidAndNothingHalfIsSeen) {
  if (!temper::testing::may_mount_disks()) {
    GTEST_SKIP() << "mounting is refused";
  }
  put("org/tiny", kModel);
  const int code = temper::testing::run_in_child([&]() -> std::string {
    temper::testing::mount_small_disk(cache(), 2 << 20);
    const auto [kind, message] = error_of([&] { fetch("hf://org/tiny", {}, small_pieces()); });
    if (kind != Kind::kNoSpace || message.find("has room for") == message.npos) {
      return "looking first: " + message;
    }
    FetchOptions believing = small_pieces();  // others fill the disk after it was looked at
    believing.free_bytes = [](const fs::path&) { return std::uint64_t{1} << 40U; };
    try {
      fetch("hf://org/tiny", {}, believing);
      return "fitted on a full disk";
    } catch (const FileError& error) {
      const std::string said = error.what();
      if (error.error_number() != ENOSPC || said.find("No space left on device") == said.npos ||
          said.find("Free some space") == said.npos) {
        return said;
      }
    }
    for (const auto& entry : fs::recursive_directory_iterator(cache())) {
      const bool is_link = entry.is_symlink();
      if (is_link && entry.path().filename() == "model.safetensors") {
        return "a half model is seen: " + entry.path().string();
      }
    }
    temper::testing::resize_small_disk(cache(), 8 << 20);
    const fs::path folder = fetch("hf://org/tiny", {}, small_pieces());
    return fs::file_size(folder / "model.safetensors") == 3'000'000 ? "" : "wrong size";
  });
  EXPECT_EQ(code, 0);
}

TEST_F(PullTest, FetchesOneFile) {
  put("org/tiny", {{"recipes/a.yaml", "name: a"}});
  EXPECT_EQ(read_file(fetch_file(hub(), parse_hub_url("hf://org/tiny/recipes/a.yaml"))), "name: a");
  EXPECT_EQ(
      error_of([&] { fetch_file(hub(), parse_hub_url("hf://org/tiny/recipes/b.yaml")); }).first,
      Kind::kNoEntry);
}

}  // namespace
}  // namespace temper::hub
