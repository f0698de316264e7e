#pragma once

#include <filesystem>
#include <string>

#include "core/base/clock.h"
#include "core/storage/open_store.h"

namespace temper::storage {

/// A folder or file of a bucket as files of this machine: `location` itself if it is no bucket's
/// URL, else <cache_directory>/copies/…, downloaded first if it is not there yet in the bucket's
/// present version. Several processes may ask at once: one downloads, the others wait for it. A
/// copy that was interrupted goes on with the file it had come to. Every file is checked against
/// the service's crc32c.
///
/// UserError if there is nothing at that URL; StorageError; FileError if the disk is full (the
/// message names the folder; TEMPER_CACHE chooses another).
std::filesystem::path local_copy(const std::string& location,
                                 const std::filesystem::path& cache_directory,
                                 const OpenOptions& options, Clock& clock);

}  // namespace temper::storage
