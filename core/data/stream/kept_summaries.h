#pragma once

#include <filesystem>
#include <functional>

#include "core/data/stream/file_summary.h"
#include "core/data/stream/stored_file.h"

namespace temper::data {

/// The summary of a file as this machine knows it from before, else by `summarize`, whose answer is
/// kept in `cache_dir`. A cache that can't be written is no failure.
FileSummary kept_summary(const std::filesystem::path& cache_dir, const StoredFile& file,
                         const std::function<FileSummary()>& summarize);

}  // namespace temper::data
