#include "tests/support/golden.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "tests/support/temporary_directory.h"

#ifndef TEMPER_SOURCE_DIR
#error "tests/support needs TEMPER_SOURCE_DIR"
#endif

namespace temper::testing {

void expect_golden(const std::string& name, std::string_view actual) {
  const std::filesystem::path path =
      std::filesystem::path(TEMPER_SOURCE_DIR) / "tests/golden" / name;
  if (std::getenv("TEMPER_UPDATE_GOLDENS") != nullptr) {
    write_file(path, actual);
    return;
  }
  ASSERT_TRUE(std::filesystem::exists(path))
      << path << " is missing; TEMPER_UPDATE_GOLDENS=1 writes it";
  EXPECT_EQ(read_file(path), actual) << "golden " << name;
}

}  // namespace temper::testing
