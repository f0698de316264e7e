#include "core/data/convert/conversion.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/base/hash.h"
#include "core/data/convert/mds_columns.h"
#include "core/data/mds/mds_writer.h"
#include "core/data/stream/file_summary.h"

namespace temper::data {
namespace {

std::span<const std::byte> bytes_of(const std::string& text) {
  return std::as_bytes(std::span(text));
}

/// Gathers lines and writes them as files.
class LineFiles {
 public:
  LineFiles(storage::ObjectStore& destination, const ConversionOptions& options)
      : destination_(destination), options_(options) {}

  void add(std::string line) {
    // A record of several lines (pretty-printed JSON) becomes one: between its tokens a line break
    // is as good as a space, and within them none can stand.
    std::replace(line.begin(), line.end(), '\n', ' ');
    if (!lines_.empty() && lines_.size() + line.size() + 1 > options_.shard_bytes) {
      flush();
    }
    lines_ += line;
    lines_ += '\n';
    ++num_records_;
  }

  std::uint64_t finish() {
    if (num_records_ > 0) {
      flush();
    }
    if (!destination_.create_if_absent(kDataIndexName, bytes_of(serialize_data_index(files_)))) {
      throw UserError(fmt::format("{}/{}: somebody else wrote one meanwhile; choose another place",
                                  destination_.url(), kDataIndexName));
    }
    return files_.size();
  }

 private:
  void flush() {
    const bool is_zstd = options_.compression == Compression::kZstd;
    const std::string_view ending = options_.compression == Compression::kNone ? ""
                                    : is_zstd                                  ? ".zst"
                                                                               : ".gz";
    const std::string key = fmt::format("part-{:05}.jsonl{}", files_.size(), ending);
    const auto stored = compress(bytes_of(lines_), options_.compression);
    destination_.write(key, stored);
    files_.push_back({key, stored.size(), sha256_hex(lines_), {num_records_}});
    lines_.clear();
    num_records_ = 0;
  }

  storage::ObjectStore& destination_;
  const ConversionOptions& options_;
  std::string lines_;
  std::uint64_t num_records_ = 0;  // in lines_
  std::vector<FileSummary> files_;
};

}  // namespace

ConversionResult convert_to_mds(const Dataset& dataset, storage::ObjectStore& destination,
                                const ConversionOptions& options) {
  MdsColumnFinder finder;
  for (std::uint64_t i = 0; i < dataset.size(); ++i) {
    const Record record = dataset.read(i);
    finder.add(record.bytes, record.origin);
  }
  MdsWriter::Options writing;
  writing.compression = options.compression;
  writing.size_limit_bytes = options.shard_bytes;
  MdsWriter writer(destination, finder.columns(), writing);
  for (std::uint64_t i = 0; i < dataset.size(); ++i) {
    const Record record = dataset.read(i);
    writer.add(stored_values(record.bytes, record.origin, writer.columns()));
  }
  writer.finish();
  return {dataset.size(), writer.num_shards()};
}

ConversionResult convert_to_jsonl(const Dataset& dataset, storage::ObjectStore& destination,
                                  const ConversionOptions& options) {
  if (destination.size(kDataIndexName)) {
    throw UserError(fmt::format("{}/{}: exists already; choose an empty place or remove it",
                                destination.url(), kDataIndexName));
  }
  LineFiles files(destination, options);
  for (std::uint64_t i = 0; i < dataset.size(); ++i) {
    files.add(dataset.read(i).bytes);
  }
  return {dataset.size(), files.finish()};
}

}  // namespace temper::data
