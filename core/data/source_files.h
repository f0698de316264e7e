#pragma once

#include <filesystem>
#include <vector>

#include "core/recipe/recipe.h"

namespace temper::data {

/// The files of a source, sorted by path: the path itself; the files of a folder (not of folders in
/// it) that end in .jsonl or .ndjson, perhaps followed by .gz or .zst; or what a glob(7) pattern
/// matches. A name that exists is never taken for a pattern. UserError for what matches nothing,
/// for a file of another ending (unless `format` says what it is), and for a path in a store.
std::vector<std::filesystem::path> list_source_files(const recipe::DataSource& source);

}  // namespace temper::data
