#include "tests/core/storage/store_cases.h"

#include "core/storage/file_store.h"
#include "core/storage/memory_store.h"

namespace temper::storage {

std::vector<StoreCase> store_cases() {
  return {
      {"Memory", [](const auto&) { return std::make_unique<MemoryStore>("test"); }},
      {"File", [](const auto& folder) { return std::make_unique<FileStore>(folder / "store"); }},
  };
}

}  // namespace temper::storage
