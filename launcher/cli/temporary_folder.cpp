#include "launcher/cli/temporary_folder.h"

#include <system_error>

#include "core/run/run_layout.h"

namespace temper::launch {

TemporaryFolder::TemporaryFolder(const std::string& purpose, bool keep)
    : path_(std::filesystem::temp_directory_path() / (purpose + "-" + run::new_id())), keep_(keep) {
  std::filesystem::create_directories(path_);
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  if (!keep_) {
    std::filesystem::remove_all(path_, ignored);
  }
}

}  // namespace temper::launch
