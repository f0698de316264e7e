#pragma once

#include <filesystem>
#include <string_view>
#include <vector>

#include "core/recipe/recipe.h"

namespace temper::data {

/// How the file of this name is stored, by its ending: .jsonl or .ndjson, perhaps followed by .gz
/// or .zst, or .parquet; kAuto for another.
recipe::DataFormat format_of_file(const std::filesystem::path& name);

/// The endings that format_of_file() knows, for messages.
std::string_view known_endings();

/// The files of a source on this machine, sorted by path: the path itself; the files of a folder
/// (not of folders in it) that format_of_file() knows; or what a glob(7) pattern matches. A name
/// that exists is never taken for a pattern. UserError for what matches nothing, for a file of
/// another ending (unless `format` says what it is).
std::vector<std::filesystem::path> list_source_files(const recipe::DataSource& source);

}  // namespace temper::data
