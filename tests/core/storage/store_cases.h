#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/storage/object_store.h"
#include "tests/support/temporary_directory.h"

namespace temper::storage {

/// A backend that the conformance suites run on. A new backend adds itself to store_cases(),
/// which store_cases.cpp defines for the plain program and cloud_stores.cpp for that of the
/// services.
struct StoreCase {
  std::string name;
  /// An empty store; `folder` is the test's own.
  std::function<std::unique_ptr<ObjectStore>(const testing::TemporaryDirectory& folder)> make;
  bool allows_line_breaks = true;  ///< in keys
};

std::vector<StoreCase> store_cases();

std::span<const std::byte> as_bytes(std::string_view text);
std::string as_text(std::span<const std::byte> bytes);

/// The object as text; "(absent)" if there is none.
std::string read_text(const ObjectStore& store, std::string_view key);

/// Base of the conformance suites: one empty store of the case.
class StoreConformance : public ::testing::TestWithParam<StoreCase> {
 protected:
  testing::TemporaryDirectory folder_;
  const std::unique_ptr<ObjectStore> store_ = GetParam().make(folder_);
};

}  // namespace temper::storage
