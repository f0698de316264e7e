#include "core/data/source_files.h"

#include <fmt/format.h>
#include <glob.h>

#include <algorithm>
#include <string>

#include "core/base/error.h"

namespace temper::data {
namespace {

constexpr std::string_view kEndings =
    ".jsonl or .ndjson, perhaps followed by .gz or .zst, or .parquet";

bool has_known_ending(const std::filesystem::path& path) {
  return format_of_file(path) != recipe::DataFormat::kAuto;
}

std::vector<std::filesystem::path> list_folder(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  std::error_code error;
  std::filesystem::directory_iterator entry(folder, error);
  for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    const bool hidden = entry->path().filename().string().starts_with('.');
    if (!hidden && has_known_ending(entry->path()) && !entry->is_directory()) {
      files.push_back(entry->path());
    }
  }
  if (error) {
    throw UserError(fmt::format("cannot read folder {}: {}", folder.string(), error.message()));
  }
  if (files.empty()) {
    throw UserError(fmt::format("folder {}: no file in it ends in {}", folder.string(), kEndings));
  }
  return files;
}

std::vector<std::filesystem::path> match_pattern(const std::string& pattern) {
  glob_t matches{};
  const int status = ::glob(pattern.c_str(), GLOB_NOSORT, nullptr, &matches);
  std::vector<std::filesystem::path> paths;
  if (status == 0) {
    paths.assign(matches.gl_pathv, matches.gl_pathv + matches.gl_pathc);
  }
  ::globfree(&matches);
  if (status != 0 && status != GLOB_NOMATCH) {
    throw UserError(
        fmt::format("{}: the pattern can't be followed: a folder can't be read", pattern));
  }
  return paths;
}

}  // namespace

recipe::DataFormat format_of_file(const std::filesystem::path& name) {
  const bool compressed = name.extension() == ".gz" || name.extension() == ".zst";
  const auto ending = compressed ? name.stem().extension() : name.extension();
  if (ending == ".jsonl" || ending == ".ndjson") {
    return recipe::DataFormat::kJsonl;
  }
  return ending == ".parquet" && !compressed ? recipe::DataFormat::kParquet
                                             : recipe::DataFormat::kAuto;
}

std::string_view known_endings() {
  return kEndings;
}

std::vector<std::filesystem::path> list_source_files(const recipe::DataSource& source) {
  std::vector<std::filesystem::path> matches;
  if (std::filesystem::exists(source.path)) {
    matches.emplace_back(source.path);
  } else {
    matches = match_pattern(source.path);
  }
  if (matches.empty()) {
    throw UserError(fmt::format(
        "{}: no such file or folder, and no file matches it as a pattern (looked from {})",
        source.path, std::filesystem::current_path().string()));
  }
  std::vector<std::filesystem::path> files;
  for (const auto& match : matches) {
    if (std::filesystem::is_directory(match)) {
      const auto in_folder = list_folder(match);
      files.insert(files.end(), in_folder.begin(), in_folder.end());
    } else if (source.format == recipe::DataFormat::kAuto && !has_known_ending(match)) {
      throw UserError(fmt::format(
          "{}: unknown ending; known are {}. Rename it, or say format: jsonl or parquet",
          match.string(), kEndings));
    } else {
      files.push_back(match);
    }
  }
  std::sort(files.begin(), files.end(),
            [](const auto& a, const auto& b) { return a.native() < b.native(); });
  return files;
}

}  // namespace temper::data
