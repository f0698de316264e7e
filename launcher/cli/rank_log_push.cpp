#include "launcher/cli/rank_log_push.h"

#include <vector>

#include "core/base/error.h"
#include "launcher/cli/bucket_runs.h"

namespace temper::launch {
namespace {

std::vector<std::string> log_names(const run::RunLayout& layout, int first, int count) {
  std::vector<std::string> names;
  for (int rank = first; rank < first + count; ++rank) {
    names.push_back(layout.rank_log(rank).lexically_relative(layout.root).string());
  }
  return names;
}

}  // namespace

RankLogPush::RankLogPush(Context& context, const run::RunLayout& layout, const std::string& url,
                         int first, int count)
    : context_(context),
      bucket_(open_store_for(context, url)),
      mirror_(layout, *bucket_),
      push_([this, names = log_names(layout, first, count)] { mirror_.push_files(names); },
            context.clock) {}

void RankLogPush::tick() {
  tell(push_.take_problem());
  push_.tick();
}

void RankLogPush::finish() {
  try {
    push_.finish();
  } catch (const Error& error) {
    tell(error.what());
  }
}

void RankLogPush::tell(const std::string& problem) {
  if (!problem.empty()) {
    context_.err << "logs of this machine's ranks are not in the bucket: " << problem << std::endl;
  }
}

}  // namespace temper::launch
