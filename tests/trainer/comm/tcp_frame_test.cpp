#include "trainer/comm/tcp_frame.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <string>

#include "core/base/error.h"
#include "trainer/comm/tcp_greeting.h"

namespace temper::comm {
namespace {

using ::testing::HasSubstr;

std::string error_of(const HeaderBytes& bytes) {
  try {
    parse_frame_header(bytes);
  } catch (const RetryableError& error) {
    return error.what();
  }
  return "no error";
}

TEST(TcpFrameTest, HeadersAreReadAsTheyWereWritten) {
  const FrameHeader header{FrameKind::kAllGather, 0x0123456789ABCDEF, kMaxFrameBytes};
  EXPECT_EQ(parse_frame_header(encode(header)), header);
}

TEST(TcpFrameTest, RefusesWhatIsNoHeader) {
  HeaderBytes bytes = encode({FrameKind::kBarrier, 1, 0});
  bytes[0] = std::byte{'X'};
  EXPECT_THAT(error_of(bytes), HasSubstr("no frame of Temper"));
  bytes = encode({FrameKind::kBarrier, 1, 0});
  bytes[4] = std::byte{0};
  EXPECT_THAT(error_of(bytes), HasSubstr("unknown kind 0"));
  bytes[4] = std::byte{99};
  EXPECT_THAT(error_of(bytes), HasSubstr("unknown kind 99"));
  bytes[4] = std::byte{4};
  bytes[7] = std::byte{1};
  EXPECT_THAT(error_of(bytes), HasSubstr("unknown kind"));
  EXPECT_THAT(error_of(encode({FrameKind::kBarrier, 1, kMaxFrameBytes + 1})), HasSubstr("bytes"));
  EXPECT_THAT(error_of(encode({FrameKind::kBarrier, 1, std::numeric_limits<std::uint64_t>::max()})),
              HasSubstr("more than any"));
}

TEST(FrameReaderTest, NeedsEveryByteOfAFrame) {
  const auto bytes = frame_bytes(FrameKind::kBeat, "content");
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    FrameReader reader(100);
    reader.feed(std::span(bytes).first(size));
    EXPECT_FALSE(reader.next()) << size;
  }
}

TEST(FrameReaderTest, FramesComeOutHoweverTheyAreCut) {
  auto bytes = frame_bytes(FrameKind::kBeat, "first");
  const auto second = frame_bytes(FrameKind::kLoss, "");
  bytes.insert(bytes.end(), second.begin(), second.end());
  for (std::size_t piece = 1; piece <= bytes.size(); ++piece) {
    FrameReader reader(5);
    std::vector<std::string> texts;
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
      reader.feed(std::span(bytes).subspan(at, std::min(piece, bytes.size() - at)));
      while (const auto frame = reader.next()) {
        texts.push_back(std::string(name_of(frame->header.kind)) + ":" +
                        std::string(frame->text()));
      }
    }
    EXPECT_THAT(texts, ::testing::ElementsAre("beat:first", "loss:")) << piece;
    EXPECT_TRUE(reader.is_empty());
  }
}

TEST(FrameReaderTest, RefusesLongPayloadsByTheirHeader) {
  FrameReader reader(10);
  reader.feed(encode({FrameKind::kBeat, 0, 11}));
  EXPECT_THROW(reader.next(), RetryableError);
}

TEST(TcpGreetingTest, MessagesAreReadAsTheyWereWritten) {
  const Hello hello{Purpose::kPeer, "run", "nonce", 3, 4, "host", 1234};
  EXPECT_EQ(parse_hello(to_json(hello)), hello);
  const Roster roster{"nonce", {{"a", "", 0}, {"b", "10.0.0.1", 4567}}};
  EXPECT_EQ(parse_roster(to_json(roster)), roster);
  const Refusal refusal{"not you", true};
  EXPECT_EQ(parse_refusal(to_json(refusal)), refusal);
}

TEST(TcpGreetingTest, EveryTruncationIsRefused) {
  const std::string hello = to_json(Hello{Purpose::kJoin, "run", "", 0, 1, "host", 0});
  const std::string roster = to_json(Roster{"nonce", {{"a", "", 0}}});
  const std::string refusal = to_json(Refusal{"no", false});
  for (std::size_t size = 0; size < hello.size(); ++size) {
    EXPECT_THROW(parse_hello(hello.substr(0, size)), RetryableError) << size;
  }
  for (std::size_t size = 0; size < roster.size(); ++size) {
    EXPECT_THROW(parse_roster(roster.substr(0, size)), RetryableError) << size;
  }
  for (std::size_t size = 0; size < refusal.size(); ++size) {
    EXPECT_THROW(parse_refusal(refusal.substr(0, size)), RetryableError) << size;
  }
}

TEST(TcpGreetingTest, RefusesRanksOutsideOfTheirWorld) {
  EXPECT_THROW(parse_hello(to_json(Hello{Purpose::kJoin, "run", "", 4, 4, "host", 0})),
               RetryableError);
  EXPECT_THROW(parse_hello(to_json(Hello{Purpose::kJoin, "run", "", -1, 4, "host", 0})),
               RetryableError);
  EXPECT_THROW(parse_hello(to_json(Hello{Purpose::kJoin, "run", "", 0, 1 << 20, "host", 0})),
               RetryableError);
}

}  // namespace
}  // namespace temper::comm
