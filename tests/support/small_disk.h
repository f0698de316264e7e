#pragma once

#include <cstdint>
#include <filesystem>

namespace temper::testing {

// Disks that are really full: tmpfs in a mount namespace of one process. Call the first two in a
// child (run_in_child), so that nothing has to be unmounted.

/// Mounts an empty disk of so many bytes (whole pages) on `folder`, which is made. Throws
/// std::runtime_error if mounting is refused.
void mount_small_disk(const std::filesystem::path& folder, std::uint64_t bytes);
/// Gives it another size: somebody frees space.
void resize_small_disk(const std::filesystem::path& folder, std::uint64_t bytes);

/// Whether this user may mount disks at all; tries it in a child process.
bool may_mount_disks();

}  // namespace temper::testing
