#pragma once

#include <filesystem>
#include <map>
#include <string>

namespace temper::launch {

/// The secret in a file, without the line end at its end. UserError, which never shows the content,
/// unless it is a regular file of at most 64 KiB that belongs to this user (or root) and that
/// nobody else may read.
std::string read_secret(const std::string& variable, const std::filesystem::path& file);

/// Every variable of a cluster file's `secrets` with its value.
std::map<std::string, std::string> read_secrets(const std::map<std::string, std::string>& files);

}  // namespace temper::launch
