#pragma once

#include <filesystem>

#include "core/export/adapter_export.h"
#include "core/export/check_record.h"

namespace temper::exporting {

/// The read-back gate on a written adapter folder (see export_adapter). Throws FatalError naming
/// what does not agree, RetryableError if the bytes differ from what was written.
/// Returns the record that it passed, without the files' hashes.
CheckRecord check_adapter(const std::filesystem::path& folder, const AdapterExport& adapter);

}  // namespace temper::exporting
