#include "core/storage/object_key.h"

#include <fmt/format.h>

#include "core/base/durable_file.h"
#include "core/base/error.h"

namespace temper::storage {
namespace {

bool is_plain_segment(std::string_view segment) {
  return !segment.empty() && segment != "." && segment != ".." &&
         segment.find('\0') == std::string_view::npos && !is_unfinished(segment);
}

/// Whether all segments that a '/' ends are plain; leaves the last one in `key`.
bool take_plain_folders(std::string_view& key) {
  for (std::size_t slash = key.find('/'); slash != std::string_view::npos; slash = key.find('/')) {
    if (!is_plain_segment(key.substr(0, slash))) {
      return false;
    }
    key.remove_prefix(slash + 1);
  }
  return true;
}

}  // namespace

void check_key(std::string_view key) {
  std::string_view name = key;
  if (!take_plain_folders(name) || !is_plain_segment(name)) {
    throw UserError(fmt::format(
        "'{}' can't name an object: keys are relative paths like 'folder/name' without '..'", key));
  }
}

void check_prefix(std::string_view prefix) {
  std::string_view name = prefix;
  if (!take_plain_folders(name) || name == ".." || name.find('\0') != std::string_view::npos) {
    throw UserError(fmt::format(
        "'{}' can't start an object's name: keys are relative paths like 'folder/name' without "
        "'..'",
        prefix));
  }
}

}  // namespace temper::storage
