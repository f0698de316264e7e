#include "launcher/cli/new_run.h"

#include <fmt/format.h>

#include <fstream>
#include <iterator>
#include <span>
#include <system_error>

#include "core/base/error.h"
#include "core/base/time_format.h"
#include "core/run/bucket_run.h"
#include "core/storage/open_store.h"

namespace temper::launch {

run::RunLayout run_layout(const recipe::Recipe& recipe, const std::string& id,
                          const std::filesystem::path& cache_directory) {
  const std::string& runs = recipe.checkpoint.to;
  return storage::is_bucket_url(runs) ? run::working_layout(cache_directory, runs + "/" + id)
                                      : run::RunLayout{std::filesystem::path(runs) / id};
}

NewRun create_run(const recipe::Recipe& recipe, const std::filesystem::path& cache_directory,
                  const Clock& clock) {
  NewRun made;
  made.record.name = recipe.name;
  made.record.id = recipe.name + "-" + run::new_id();
  made.record.created = format_rfc3339(clock.now());
  made.layout = run_layout(recipe, made.record.id, cache_directory);
  std::error_code failure;
  std::filesystem::create_directories(made.layout.logs(), failure);
  if (failure) {
    throw UserError(fmt::format(
        "cannot create the run directory {}: {}; make the folder writable or choose another one "
        "with --set checkpoint.to=DIR",
        made.layout.root.string(), failure.message()));
  }
  return made;
}

void write_run_file(const run::RunLayout& layout, const std::filesystem::path& file,
                    std::string_view content) {
  storage::open_store(layout.root.string())
      ->write(file.lexically_relative(layout.root).string(), std::as_bytes(std::span(content)));
}

std::string read_text(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  std::string text(std::istreambuf_iterator<char>(stream), {});
  if (!stream) {
    throw UserError(fmt::format("cannot read {}", file.string()));
  }
  return text;
}

}  // namespace temper::launch
