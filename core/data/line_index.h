#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace temper::data {

/// What a line index was made from. Two equal identities: the same content, as far as a file system
/// can tell without reading it.
struct SourceIdentity {
  std::string path;  ///< absolute
  std::uint64_t size_bytes = 0;
  std::int64_t modified_ns = 0;  ///< since the epoch of the file system
  bool operator==(const SourceIdentity&) const = default;
};

/// Finds the records of JSON lines in content that comes in pieces: lines end at '\n' or at the end
/// of the content, those with nothing but spaces, tabs and '\r' are not records, and a UTF-8 byte
/// order mark at the start belongs to none. One thread at a time.
class LineScanner {
 public:
  void feed(std::span<const std::byte> piece);
  /// Ends the last line. Call once.
  void finish();

  /// Where each record begins.
  const std::vector<std::uint64_t>& offsets() const { return offsets_; }

  /// `count` blank lines stand before record `record` (= number of records: after the last).
  struct Gap {
    std::uint64_t record = 0;
    std::uint64_t count = 0;
  };
  const std::vector<Gap>& gaps() const { return gaps_; }

 private:
  void feed_line_part(std::string_view part);
  void end_line();

  std::vector<std::uint64_t> offsets_;
  std::vector<Gap> gaps_;
  std::uint64_t position_ = 0;
  std::uint64_t line_begin_ = 0;
  bool line_has_text_ = false;
  std::size_t mark_bytes_ = 0;  // of a byte order mark, matched so far
  bool mark_possible_ = true;
};

/// The line index as kept in a file, version 1; all integers little-endian, 64 bits but where said:
///   "TMPRLIDX" | u32 version | u32 CRC-32C of all that follows |
///   source bytes | source mtime ns | records R | gaps G | content bytes | content CRC-32C |
///   SHA-256 of the content, 64 hexadecimal digits | path bytes P | path, zeros up to a multiple of
///   8 | R offsets | G pairs (record, count)
/// "Content" is what the offsets count in: the source, decompressed. A view: the bytes must outlive
/// it.
class LineIndex {
 public:
  /// Checks everything, so that no accessor can leave the bytes or the content. Throws FatalError
  /// saying what is wrong.
  static LineIndex parse(std::span<const std::byte> bytes);

  static std::vector<std::byte> serialize(const SourceIdentity& source, const LineScanner& lines,
                                          std::uint64_t content_bytes, std::uint32_t content_crc32c,
                                          std::string_view content_sha256);

  /// Writes the checksum into the header of `bytes` (at least 16).
  static void seal(std::span<std::byte> bytes);

  const SourceIdentity& source() const { return source_; }
  std::uint64_t num_records() const { return num_records_; }
  std::uint64_t content_bytes() const { return content_bytes_; }
  std::uint32_t content_crc32c() const { return content_crc32c_; }
  const std::string& content_sha256() const { return content_sha256_; }

  /// Record `record` begins at `begin` and ends at the first '\n' in [begin, limit), or at limit.
  struct Extent {
    std::uint64_t begin = 0;
    std::uint64_t limit = 0;
  };
  Extent extent(std::uint64_t record) const;  // record in [0, num_records())
  /// Its line in the source, from 1.
  std::uint64_t line_number(std::uint64_t record) const;

 private:
  struct GapEnd {
    std::uint64_t record;
    std::uint64_t blank_lines;  // in all gaps up to and including this one
  };

  void check_offsets() const;
  void read_gaps(std::span<const std::byte> bytes);
  std::uint64_t offset(std::uint64_t record) const;

  SourceIdentity source_;
  std::uint64_t num_records_ = 0;
  std::uint64_t content_bytes_ = 0;
  std::uint32_t content_crc32c_ = 0;
  std::string content_sha256_;
  std::span<const std::byte> offsets_;
  std::vector<GapEnd> gaps_;
};

}  // namespace temper::data
