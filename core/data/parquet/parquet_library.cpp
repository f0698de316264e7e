#include "core/data/parquet/parquet_library.h"

#include <dlfcn.h>
#include <fmt/format.h>

#include <filesystem>
#include <string>
#include <system_error>

#include "core/base/error.h"

namespace temper::data {
namespace {

constexpr const char* kLibraryName = "libtemper_parquet.so";

OpenParquet load_library() {
  std::error_code no_proc;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", no_proc);
  const std::filesystem::path beside = program.parent_path() / kLibraryName;
  std::string reasons;
  for (const std::filesystem::path& path :
       {beside, std::filesystem::path(TEMPER_PARQUET_LIBRARY)}) {
    // Its symbols stay its own: Arrow's must not meet those of LibTorch.
    void* const library = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (library != nullptr) {
      if (void* const open = ::dlsym(library, "temper_open_parquet")) {
        return reinterpret_cast<OpenParquet>(open);
      }
    }
    reasons += fmt::format("{}{}", reasons.empty() ? "" : "; ", ::dlerror());
  }
  throw UserError(
      fmt::format("Parquet files need Arrow, which this build of Temper lacks or can't load ({}). "
                  "Run scripts/setup.sh, which brings it with the pyarrow package, and build "
                  "again; or write the data as JSON lines",
                  reasons));
}

}  // namespace

std::unique_ptr<ParquetFile> open_parquet(const ParquetInput& input) {
  static const OpenParquet open = load_library();
  return std::unique_ptr<ParquetFile>(open(input));
}

}  // namespace temper::data
