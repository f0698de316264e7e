#include "trainer/checkpoint/save_status.h"

#include <gtest/gtest.h>

#include <span>

namespace temper::checkpoint {
namespace {

SaveStatus receipt_status() {
  return {.phase = SavePhase::kWriting,
          .progress = SaveProgress::kDone,
          .step = 50,
          .receipt = run::CheckpointObject{.name = "state-00001-of-00002.safetensors",
                                           .size_bytes = 5'000'000'000,
                                           .crc32c = 0xffffffff,
                                           .sha256 = std::string(64, 'a')},
          .problem = ""};
}

TEST(SaveStatusTest, SurvivesTheWire) {
  EXPECT_EQ(decode_status(encode({})), SaveStatus{});
  EXPECT_EQ(decode_status(encode(receipt_status())), receipt_status());
  const SaveStatus failed{.phase = SavePhase::kCommitting,
                          .progress = SaveProgress::kFailed,
                          .step = 7,
                          .receipt = {},
                          .problem = "file:///x: \"disk\" full\n"};
  EXPECT_EQ(decode_status(encode(failed)), failed);
}

TEST(SaveStatusTest, IsShortWhileNothingIsInFlight) {
  EXPECT_LE(encode({}).size(), 16U);
}

TEST(SaveStatusTest, CarriesProblemsWithInvalidUtf8) {
  SaveStatus failed = receipt_status();
  failed.progress = SaveProgress::kFailed;
  failed.problem = "bad path \xff";
  EXPECT_EQ(decode_status(encode(failed)).problem, "bad path \xef\xbf\xbd");
}

TEST(SaveStatusTest, RefusesEveryTruncation) {
  const std::vector<std::byte> whole = encode(receipt_status());
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_ANY_THROW(decode_status(std::span(whole).first(size))) << size;
  }
}

}  // namespace
}  // namespace temper::checkpoint
