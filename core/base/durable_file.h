#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

namespace temper {

// Files that survive a crash whole: written under another name in the same folder, synced, then
// renamed or linked, then the folder is synced. Readers see the old file or the new one, never a
// part. Missing folders are made. All throw FileError and leave no unfinished file behind, except
// when the process is killed; is_unfinished() knows those. Thread-safe, also between processes.

/// Makes `path` hold `bytes`, replacing what was there.
void write_file_durably(const std::filesystem::path& path, std::span<const std::byte> bytes);
void write_file_durably(const std::filesystem::path& path, std::string_view text);

/// Creates `path` unless it exists. True if this call did: of several racing writers exactly one.
[[nodiscard]] bool create_file_durably(const std::filesystem::path& path,
                                       std::span<const std::byte> bytes);

/// Deletes the file durably; absence is fine, and a folder is no file.
void remove_file_durably(const std::filesystem::path& path);

/// Makes the folder and its parents, each synced into the one above.
void create_directories_durably(const std::filesystem::path& folder);

/// Makes what `path` holds durable: a file's bytes or the entries of a folder.
void sync_durably(const std::filesystem::path& path);

/// Gives a file or folder another name on the same file system; a file there is replaced, a folder
/// only if it is empty.
void rename_durably(const std::filesystem::path& from, const std::filesystem::path& to);

/// The name that a killed writer leaves behind: ".temper-<16 hexadecimal digits>.unfinished".
std::string unfinished_name();
bool is_unfinished(std::string_view file_name);

}  // namespace temper
