#pragma once

#include <string>

#include "core/hub/download_progress.h"
#include "core/hub/hub_api.h"
#include "core/hub/ordered_pieces.h"
#include "core/hub/repository_cache.h"

namespace temper::hub {

/// Fetches one file's content into the cache's blobs, unless it is there. Of several processes and
/// threads on a machine one downloads and the others wait for it. What an earlier one left in
/// "<etag>.incomplete" is used. The whole is checked against the hash that the Hub names it by; a
/// transfer that does not fit is repeated once from the start before it is HubError kDamaged.
/// `place` has the commit and the file's path. HubError as FileSource, FileError (disk full).
void download_blob(const HubApi& api, const RepositoryCache& cache, const HubLocation& place,
                   const TreeFile& file, const PieceOptions& options, DownloadProgress& progress);

}  // namespace temper::hub
