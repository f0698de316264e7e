#pragma once

#include <filesystem>
#include <string>

#include "core/base/clock.h"
#include "core/recipe/recipe.h"
#include "core/run/run_layout.h"
#include "core/run/run_record.h"

namespace temper::launch {

/// A run that is about to start.
struct NewRun {
  run::RunLayout layout;
  run::RunRecord record;
};

/// Where the run `id` is: <checkpoint.to>/<id>, or its working folder below `cache_directory` if
/// checkpoint.to is a bucket's URL.
run::RunLayout run_layout(const recipe::Recipe& recipe, const std::string& id,
                          const std::filesystem::path& cache_directory);

/// Creates <checkpoint.to>/<name>-<id> with `logs/` and nothing else; if checkpoint.to is a
/// bucket's URL, the run's working folder below `cache_directory`. UserError naming the folder and
/// checkpoint.to if it can't be written.
NewRun create_run(const recipe::Recipe& recipe, const std::filesystem::path& cache_directory,
                  const Clock& clock);

/// Replaces a file of the run directory, all or nothing, durably.
void write_run_file(const run::RunLayout& layout, const std::filesystem::path& file,
                    std::string_view content);

/// A text file as a string. UserError if it can't be read.
std::string read_text(const std::filesystem::path& file);

}  // namespace temper::launch
