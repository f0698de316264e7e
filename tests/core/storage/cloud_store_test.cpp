// What the stores of services promise beyond the conformance suites: faults of every kind, on any
// request, neither lose nor invent bytes.

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>
#include <random>
#include <thread>

#include "core/storage/local_copy.h"
#include "core/storage/object_store.h"
#include "tests/core/storage/cloud_stores.h"
#include "tests/core/storage/store_cases.h"
#include "tests/support/seed.h"

namespace temper::storage {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::size_t kLargeBytes = (6U << 20U) + 123;  // two parts

std::vector<std::byte> large_object(unsigned seed = 1) {
  std::vector<std::byte> bytes(kLargeBytes);
  std::mt19937 engine(seed);
  for (std::size_t i = 0; i < bytes.size(); i += 64) {
    bytes[i] = static_cast<std::byte>(engine());
  }
  return bytes;
}

class CloudStoreTest : public ::testing::TestWithParam<Cloud> {
 protected:
  CloudStoreTest() { emulator_.post("reset"); }
  ~CloudStoreTest() override { emulator_.post("reset"); }

  void fault(const std::string& json) { emulator_.post("faults", "[" + json + "]"); }
  std::size_t num_requests() { return nlohmann::json::parse(emulator_.get("log")).size(); }
  std::unique_ptr<ObjectStore> open(CloudOptions options = {}) {
    options.folder = "folder";
    return make_cloud_store(GetParam(), options, clock_);
  }
  std::string upload_path() const {
    return GetParam() == Cloud::kGcs ? "upload" : "partNumber|large";
  }
  /// Objects and unfinished uploads in the bucket.
  std::string leftovers() {
    emulator_.post("faults", "[]");
    return fmt::format("{} objects, uploads {}",
                       make_cloud_store(GetParam(), {.folder = "folder"}, clock_)->list("").size(),
                       emulator_.get("uploads"));
  }
  StorageError::Kind kind_of(const std::function<void()>& operation, const std::string& text) {
    try {
      operation();
      ADD_FAILURE() << "no error";
    } catch (const StorageError& error) {
      EXPECT_THAT(error.what(), HasSubstr(text));
      return error.kind();
    }
    return StorageError::Kind::kNoSpace;
  }

  testing::Emulator& emulator_ = emulator_of(GetParam());
  SystemClock clock_;
};

const std::vector<std::string> kTransientFaults = {
    R"("status": 503)",    R"("status": 429, "headers": {"Retry-After": "0"})",
    R"("status": 500)",    R"("status": 408)",
    R"("refuse": true)",   R"("lose_reply": true)",
    R"("cut_request": 0)", R"("cut_request": 700000)",
    R"("cut_reply": 3)",   R"("corrupt_request": 1000)"};

TEST_P(CloudStoreTest, WritesSurviveAFaultAtEveryRequest) {
  const std::vector<std::byte> bytes = large_object();
  std::size_t num_requests_of_a_save = 1;
  for (const std::string& kind : kTransientFaults) {
    for (std::size_t at = 0; at < num_requests_of_a_save; ++at) {
      emulator_.post("reset");
      fault(fmt::format(R"({{"at": {}, {}}})", at, kind));
      const auto store = open();
      if (at % 2 == 0) {
        ASSERT_TRUE(store->create_if_absent("large", bytes)) << kind << " at " << at;
      } else {
        store->write("large", bytes);
      }
      num_requests_of_a_save = std::min<std::size_t>(num_requests(), 7);
      ASSERT_EQ(store->read("large"), bytes) << kind << " at " << at;
      ASSERT_EQ(emulator_.get("uploads"), "[]") << kind << " at " << at;
    }
  }
}

TEST_P(CloudStoreTest, SmallCreationsAreNeverDoubtful) {
  for (const std::string& kind : kTransientFaults) {
    for (int at = 0; at < 3; ++at) {
      emulator_.post("reset");
      fault(fmt::format(R"({{"at": {}, {}}})", at, kind));
      const auto store = open();
      // The fault may hit the first creation, whose answer is then found out, or the second.
      EXPECT_TRUE(store->create_if_absent("small", as_bytes("mine"))) << kind << " at " << at;
      EXPECT_FALSE(store->create_if_absent("small", as_bytes("other"))) << kind << " at " << at;
      EXPECT_EQ(read_text(*store, "small"), "mine") << kind << " at " << at;
    }
  }
}

TEST_P(CloudStoreTest, ReadsSurviveFaults) {
  const std::vector<std::byte> bytes = large_object();
  open()->write("large", bytes);
  for (const char* kind : {R"("status": 503)", R"("refuse": true)", R"("cut_reply": 100000)",
                           R"("cut_reply": 0)", R"("corrupt_reply": 5)"}) {
    fault(fmt::format(R"({{"method": "GET", "path": "large", "times": 2, {}}})", kind));
    EXPECT_EQ(open()->read("large"), bytes) << kind;
    std::vector<std::byte> range(1000);
    open()->read_range("large", 4'000'000, range);
    EXPECT_TRUE(std::equal(range.begin(), range.end(), bytes.begin() + 4'000'000)) << kind;
  }
}

TEST_P(CloudStoreTest, CutDownloadGoesOnWhereItStopped) {
  const std::vector<std::byte> bytes = large_object();
  open()->write("large", bytes);
  // Every answer is cut: only going on by range can ever end.
  fault(
      R"({"method": "GET", "path": "large.*alt=media|large$", "times": 5, "cut_reply": 1500000})");
  std::vector<std::byte> read(kLargeBytes);
  open({.policy = quick_retries(milliseconds(3000))})->read_range("large", 0, read);
  EXPECT_EQ(read, bytes);
}

TEST_P(CloudStoreTest, RandomFaultsDoNotChangeBytes) {
  std::mt19937_64 engine(testing::test_seed());
  const auto random = [&](std::size_t count) { return engine() % count; };
  for (int round = 0; round < 15; ++round) {
    emulator_.post("reset");
    const std::vector<std::byte> bytes = large_object(static_cast<unsigned>(engine()));
    for (int i = 0; i < 4; ++i) {
      fault(fmt::format(R"({{"at": {}, {}}})", random(12),
                        kTransientFaults[random(kTransientFaults.size())]));
    }
    const auto store = open();
    ASSERT_TRUE(store->create_if_absent("large", bytes));
    ASSERT_EQ(store->read("large"), bytes);
    ASSERT_EQ(store->list("").size(), 1U);
  }
}

TEST_P(CloudStoreTest, FailedUploadLeavesNothing) {
  const std::vector<std::byte> bytes = large_object();
  fault(fmt::format(R"({{"method": "PUT", "path": "{}", "at": 1, "times": -1, "status": 400}})",
                    upload_path()));
  EXPECT_THROW(open()->write("large", bytes), StorageError);
  EXPECT_EQ(leftovers(), "0 objects, uploads []");
}

TEST_P(CloudStoreTest, CancelledUploadLeavesNothing) {
  const std::vector<std::byte> bytes = large_object();
  std::stop_source stop;
  fault(fmt::format(R"({{"method": "PUT", "path": "{}", "at": 0, "stall": 1}})", upload_path()));
  const auto store = open({.stop = stop.get_token()});
  std::jthread canceller([&] {
    std::this_thread::sleep_for(milliseconds(500));
    stop.request_stop();
  });
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(kind_of([&] { store->write("large", bytes); }, "cancelled"),
            StorageError::Kind::kUnavailable);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(5));
  EXPECT_EQ(leftovers(), "0 objects, uploads []");
}

TEST_P(CloudStoreTest, ServiceThatStaysDownIsRetryable) {
  fault(R"({"times": -1, "status": 503})");
  const auto store = open({.policy = quick_retries(milliseconds(300))});
  EXPECT_EQ(kind_of([&] { store->write("key", as_bytes("x")); }, "folder/key"),
            StorageError::Kind::kUnavailable);
  EXPECT_EQ(kind_of([&] { static_cast<void>(store->list("")); }, "503"),
            StorageError::Kind::kUnavailable);
}

TEST_P(CloudStoreTest, SlowAnswersAreWaitedFor) {
  open()->write("key", as_bytes(std::string(2000, 'x')));
  fault(R"({"method": "GET", "path": "key", "times": 2, "trickle": [300, 0.1]})");
  EXPECT_EQ(read_text(*open(), "key").size(), 2000U);
}

TEST_P(CloudStoreTest, MissingBucketIsNamed) {
  const auto store = open({.bucket = "no-such-bucket"});
  using Kind = StorageError::Kind;
  EXPECT_EQ(kind_of([&] { store->write("key", as_bytes("x")); }, "no-such-bucket"),
            Kind::kNotFound);
  EXPECT_EQ(kind_of([&] { static_cast<void>(store->list("")); }, "no-such-bucket"),
            Kind::kNotFound);
  std::vector<std::byte> byte(1);
  EXPECT_EQ(kind_of([&] { store->read_range("key", 0, byte); }, "no-such-bucket"), Kind::kNotFound);
}

TEST_P(CloudStoreTest, ForbiddenNamesTheAccountAndTheRight) {
  fault(R"({"times": -1, "status": 403})");
  EXPECT_EQ(kind_of([&] { open()->write("key", as_bytes("x")); }, "tester"),
            StorageError::Kind::kPermission);
  EXPECT_EQ(num_requests(), 1U);  // not tried again
}

TEST_P(CloudStoreTest, RetriesAreLogged) {
  const testing::TemporaryDirectory folder;
  const auto log = folder / "log";
  fault(R"({"status": 503})");
  open({.logger = Logger(LogLevel::kWarning, "", log)})->write("key", as_bytes("x"));
  EXPECT_THAT(testing::read_file(log), HasSubstr("folder/key yet: HTTP status 503; retry 1 in"));
}

INSTANTIATE_TEST_SUITE_P(Services, CloudStoreTest, ::testing::Values(Cloud::kGcs, Cloud::kS3),
                         [](const auto& test) { return test.param == Cloud::kGcs ? "Gcs" : "S3"; });

TEST_P(CloudStoreTest, LocalCopyIsMadeOncePerVersion) {
  const testing::TemporaryDirectory cache;
  OpenOptions options{.environment = Environment(emulator_environment(GetParam())),
                      .logger = Logger(LogLevel::kError),
                      .policy = quick_retries()};
  const std::string url = open()->url();
  const auto copy = [&](const std::string& place) {
    return local_copy(place, cache.path(), options, clock_);
  };
  EXPECT_THROW(copy(url), UserError);
  open()->write("model/config.json", as_bytes("{}"));
  open()->write("model/weights", large_object());
  const std::filesystem::path first = copy(url + "/model/");
  EXPECT_EQ(testing::read_file(first / "config.json"), "{}");
  EXPECT_EQ(testing::read_file(first / "weights"), as_text(large_object()));
  const std::size_t before = num_requests();
  EXPECT_EQ(copy(url + "/model"), first);
  EXPECT_LE(num_requests() - before, 4U);  // looked, not read
  EXPECT_EQ(testing::read_file(copy(url + "/model/config.json")), "{}");
  open()->write("model/config.json", as_bytes("{ }"));
  EXPECT_EQ(testing::read_file(copy(url + "/model") / "config.json"), "{ }");
  EXPECT_EQ(testing::read_file(first / "config.json"), "{}");
  EXPECT_EQ(copy("a/path"), "a/path");
}

TEST_P(CloudStoreTest, InterruptedLocalCopyGoesOn) {
  const testing::TemporaryDirectory cache;
  OpenOptions options{.environment = Environment(emulator_environment(GetParam())),
                      .logger = Logger(LogLevel::kError),
                      .policy = quick_retries(milliseconds(200))};
  open()->write("model/a", large_object());
  open()->write("model/b", as_bytes("b"));
  fault(R"({"method": "GET", "path": "model/b$|model%2Fb.alt=media", "times": -1, "status": 503})");
  EXPECT_THROW(local_copy(open()->url() + "/model", cache.path(), options, clock_), StorageError);
  emulator_.post("heal");
  const std::size_t before = num_requests();
  const auto folder = local_copy(open()->url() + "/model", cache.path(), options, clock_);
  EXPECT_EQ(testing::read_file(folder / "a"), as_text(large_object()));
  EXPECT_EQ(testing::read_file(folder / "b"), "b");
  if (GetParam() == Cloud::kGcs) {
    EXPECT_EQ(num_requests() - before, 5U);  // object?, list, two states, "b" alone is read
  }
}

// Of one service only.

class GcsStoreTest : public CloudStoreTest {};

TEST_P(GcsStoreTest, PartlyTakenChunksGoOn) {
  const std::vector<std::byte> bytes = large_object();
  fault(R"({"method": "PUT", "times": 3, "short": 1000000})");
  open()->write("large", bytes);
  EXPECT_EQ(open()->read("large"), bytes);
}

TEST_P(GcsStoreTest, LostSessionStartsOver) {
  const std::vector<std::byte> bytes = large_object();
  fault(R"({"method": "PUT", "at": 1, "status": 410})");
  open()->write("large", bytes);
  EXPECT_EQ(open()->read("large"), bytes);
}

TEST_P(GcsStoreTest, TooManyRequestsAsForbiddenIsRetried) {
  fault(
      R"({"status": 403, "body": "{\"error\":{\"errors\":[{\"reason\":\"rateLimitExceeded\"}]}}"})");
  open()->write("key", as_bytes("x"));
  EXPECT_EQ(read_text(*open(), "key"), "x");
}

INSTANTIATE_TEST_SUITE_P(Services, GcsStoreTest, ::testing::Values(Cloud::kGcs),
                         [](const auto&) { return "Gcs"; });

class S3StoreTest : public CloudStoreTest {};

TEST_P(S3StoreTest, SuccessThatCarriesAnErrorIsRetried) {
  const std::vector<std::byte> bytes = large_object();
  fault(R"({"method": "POST", "path": "uploadId", "status": 200, )"
        R"("body": "<?xml version='1.0'?><Error><Code>InternalError</Code></Error>"})");
  open()->write("large", bytes);
  EXPECT_EQ(open()->read("large"), bytes);
}

TEST_P(S3StoreTest, ConflictOfConditionalWritesIsRetried) {
  fault(R"({"status": 409, "body": "<Error><Code>ConditionalRequestConflict</Code></Error>"})");
  EXPECT_TRUE(open()->create_if_absent("key", as_bytes("x")));
}

TEST_P(S3StoreTest, RegionOfTheBucketIsLearned) {
  fault(R"({"status": 301, "headers": {"x-amz-bucket-region": "eu-west-1"}, )"
        R"("body": "<Error><Code>PermanentRedirect</Code></Error>"})");
  open()->write("key", as_bytes("x"));
  EXPECT_EQ(read_text(*open(), "key"), "x");
}

TEST_P(S3StoreTest, WrongRegionIsSaidIfTheServiceDoesNotHelp) {
  fault(R"({"times": -1, "status": 301, "body": "<Error><Code>PermanentRedirect</Code></Error>"})");
  EXPECT_EQ(kind_of([&] { open()->write("key", as_bytes("x")); }, "AWS_REGION"),
            StorageError::Kind::kRefused);
}

TEST_P(S3StoreTest, WrongClockIsSaid) {
  emulator_.post("skew", R"({"minutes": -47})");
  EXPECT_EQ(kind_of([&] { open()->write("key", as_bytes("x")); }, "47 minutes ahead of"),
            StorageError::Kind::kPermission);
}

INSTANTIATE_TEST_SUITE_P(Services, S3StoreTest, ::testing::Values(Cloud::kS3),
                         [](const auto&) { return "S3"; });

}  // namespace
}  // namespace temper::storage
