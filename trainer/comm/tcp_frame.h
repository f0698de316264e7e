#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace temper::comm {

/// What a frame between two ranks belongs to. The numbers are on the wire.
enum class FrameKind : std::uint8_t {
  kHello = 1,
  kRoster = 2,
  kRefusal = 3,
  kBarrier = 4,
  kBroadcast = 5,
  kAllGather = 6,
  kAllToAll = 7,
  kAllToAllInto = 8,
  kAllGatherInto = 9,
  kBeat = 10,
  kLoss = 11,
  kFarewell = 12,
};

/// "all_gather" …, for messages.
std::string_view name_of(FrameKind kind);

/// On the wire, little-endian: "TMP1", kind (1 byte), three zeros, sequence (8), size (8).
struct FrameHeader {
  FrameKind kind = FrameKind::kHello;
  std::uint64_t sequence = 0;  ///< of the operation; 0 outside of operations
  std::uint64_t size = 0;      ///< bytes that follow
  bool operator==(const FrameHeader&) const = default;
};

inline constexpr std::size_t kFrameHeaderBytes = 24;
inline constexpr std::uint64_t kMaxFrameBytes = std::uint64_t{1} << 40;

using HeaderBytes = std::array<std::byte, kFrameHeaderBytes>;

HeaderBytes encode(const FrameHeader& header);

/// RetryableError saying why if it is none of ours: other magic, unknown kind, more than
/// kMaxFrameBytes.
FrameHeader parse_frame_header(std::span<const std::byte, kFrameHeaderBytes> bytes);

/// A whole frame with a small payload.
std::vector<std::byte> frame_bytes(FrameKind kind, std::string_view payload);

struct Frame {
  FrameHeader header;
  std::vector<std::byte> payload;
  std::string_view text() const;
};

/// Puts frames together from bytes as they come off a socket. One thread at a time.
class FrameReader {
 public:
  /// Payloads longer than `max_payload` bytes are refused by their header alone.
  explicit FrameReader(std::size_t max_payload) : max_payload_(max_payload) {}

  void feed(std::span<const std::byte> bytes);
  /// The next whole frame, or nullopt: more bytes are needed. RetryableError if what came is no
  /// frame; nothing more is to be read then.
  std::optional<Frame> next();
  bool is_empty() const { return buffer_.empty(); }  ///< no part of a frame is kept

 private:
  std::size_t max_payload_;
  std::vector<std::byte> buffer_;
};

}  // namespace temper::comm
