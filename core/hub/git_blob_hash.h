#pragma once

#include <cstddef>
#include <span>
#include <string>

namespace temper::hub {

/// What git calls a file of these bytes: SHA-1 (FIPS 180-4) of "blob <size>\0" and the bytes
/// (gitformat-loose objects; `git hash-object`), 40 lower-case hexadecimal digits. The Hub's trees
/// name regular files so.
std::string git_blob_hash(std::span<const std::byte> bytes);

}  // namespace temper::hub
