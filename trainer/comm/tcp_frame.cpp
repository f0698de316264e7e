#include "trainer/comm/tcp_frame.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/error.h"

namespace temper::comm {
namespace {

constexpr std::array<std::byte, 4> kMagic = {std::byte{'T'}, std::byte{'M'}, std::byte{'P'},
                                             std::byte{'1'}};
constexpr std::size_t kKindAt = 4;
constexpr std::size_t kSequenceAt = 8;
constexpr std::size_t kSizeAt = 16;
constexpr unsigned kByteBits = 8;

void put_number(std::uint64_t number, std::byte* to) {
  for (std::size_t i = 0; i < sizeof(number); ++i) {
    to[i] = static_cast<std::byte>(number >> (kByteBits * i));
  }
}

std::uint64_t get_number(const std::byte* from) {
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < sizeof(number); ++i) {
    number |= std::to_integer<std::uint64_t>(from[i]) << (kByteBits * i);
  }
  return number;
}

}  // namespace

std::string_view name_of(FrameKind kind) {
  constexpr std::array<std::string_view, 13> kNames = {
      "?",         "hello",      "roster",     "refusal",         "barrier",
      "broadcast", "all_gather", "all_to_all", "all_to_all_into", "all_gather_into",
      "beat",      "loss",       "farewell"};
  const auto index = static_cast<std::size_t>(kind);
  return index < kNames.size() ? kNames[index] : kNames[0];
}

HeaderBytes encode(const FrameHeader& header) {
  HeaderBytes bytes{};
  std::copy(kMagic.begin(), kMagic.end(), bytes.begin());
  bytes[kKindAt] = static_cast<std::byte>(header.kind);
  put_number(header.sequence, bytes.data() + kSequenceAt);
  put_number(header.size, bytes.data() + kSizeAt);
  return bytes;
}

FrameHeader parse_frame_header(std::span<const std::byte, kFrameHeaderBytes> bytes) {
  if (!std::equal(kMagic.begin(), kMagic.end(), bytes.begin())) {
    throw RetryableError("what came is no frame of Temper's; something else talks to this port");
  }
  const auto kind = std::to_integer<std::uint8_t>(bytes[kKindAt]);
  const bool is_known = kind >= static_cast<std::uint8_t>(FrameKind::kHello) &&
                        kind <= static_cast<std::uint8_t>(FrameKind::kFarewell);
  if (!is_known || std::any_of(bytes.begin() + kKindAt + 1, bytes.begin() + kSequenceAt,
                               [](std::byte b) { return b != std::byte{0}; })) {
    throw RetryableError(fmt::format("a frame of unknown kind {}; are both ends the same Temper?",
                                     static_cast<int>(kind)));
  }
  const FrameHeader header{static_cast<FrameKind>(kind), get_number(bytes.data() + kSequenceAt),
                           get_number(bytes.data() + kSizeAt)};
  if (header.size > kMaxFrameBytes) {
    throw RetryableError(fmt::format("a frame of {} bytes, more than any", header.size));
  }
  return header;
}

std::vector<std::byte> frame_bytes(FrameKind kind, std::string_view payload) {
  const HeaderBytes header = encode({kind, 0, payload.size()});
  const auto content = std::as_bytes(std::span(payload));
  std::vector<std::byte> bytes(header.begin(), header.end());
  bytes.insert(bytes.end(), content.begin(), content.end());
  return bytes;
}

std::string_view Frame::text() const {
  return {reinterpret_cast<const char*>(payload.data()), payload.size()};
}

void FrameReader::feed(std::span<const std::byte> bytes) {
  buffer_.insert(buffer_.end(), bytes.begin(), bytes.end());
}

std::optional<Frame> FrameReader::next() {
  if (buffer_.size() < kFrameHeaderBytes) {
    return std::nullopt;
  }
  const FrameHeader header = parse_frame_header(std::span(buffer_).first<kFrameHeaderBytes>());
  if (header.size > max_payload_) {
    throw RetryableError(fmt::format("a {} of {} bytes; at most {} are taken", name_of(header.kind),
                                     header.size, max_payload_));
  }
  const std::size_t end = kFrameHeaderBytes + header.size;
  if (buffer_.size() < end) {
    return std::nullopt;
  }
  const auto begin = buffer_.begin();
  Frame frame{header, {begin + kFrameHeaderBytes, begin + static_cast<std::ptrdiff_t>(end)}};
  buffer_.erase(begin, begin + static_cast<std::ptrdiff_t>(end));
  return frame;
}

}  // namespace temper::comm
