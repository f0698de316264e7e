#pragma once

#include <memory>
#include <string>

#include "core/storage/open_store.h"

namespace temper::storage {

/// A store for "gs://bucket/prefix". The service is storage.googleapis.com, or the emulator that
/// STORAGE_EMULATOR_HOST names, which gets no credentials; credentials as in
/// credentials/google_credentials.h. No network yet.
std::unique_ptr<ObjectStore> open_gcs(const std::string& url, const OpenOptions& options,
                                      Clock& clock);

}  // namespace temper::storage
