#include "tests/core/storage/store_cases.h"

namespace temper::storage {

std::span<const std::byte> as_bytes(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

std::string as_text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::string read_text(const ObjectStore& store, std::string_view key) {
  const auto bytes = store.read(key);
  return bytes ? as_text(*bytes) : "(absent)";
}

}  // namespace temper::storage
