#include "core/data/stream/kept_summaries.h"

#include <optional>
#include <string>

#include "core/base/durable_file.h"
#include "core/base/error.h"
#include "core/base/file_error.h"
#include "core/base/mapped_file.h"
#include "core/data/stream/shard_access.h"

namespace temper::data {
namespace {

std::optional<FileSummary> find(const std::filesystem::path& path, const StoredFile& file) {
  try {
    const MappedFile kept(path);
    const auto bytes = kept.bytes();
    auto summaries = parse_data_index({reinterpret_cast<const char*>(bytes.data()), bytes.size()},
                                      path.string());
    if (summaries.size() == 1 && summaries[0].key == file.key &&
        summaries[0].size_bytes == file.size_bytes) {
      return std::move(summaries[0]);
    }
  } catch (const Error&) {
    // not there, or damaged: made anew
  }
  return std::nullopt;
}

}  // namespace

FileSummary kept_summary(const std::filesystem::path& cache_dir, const StoredFile& file,
                         const std::function<FileSummary()>& summarize) {
  const auto path =
      cache_dir / "summaries" / (cache_entry_name("summary " + file.identity()) + ".json");
  if (auto found = find(path, file)) {
    return std::move(*found);
  }
  FileSummary summary = summarize();
  try {
    write_file_durably(path, serialize_data_index({summary}));
  } catch (const FileError&) {
    // It is only lost time.
  }
  return summary;
}

}  // namespace temper::data
