#include "core/http/curl_library.h"

#include <dlfcn.h>
#include <fmt/format.h>

#include "core/base/check.h"
#include "core/base/error.h"

namespace temper::http {
namespace {

template <typename Function>
void resolve(void* library, const char* name, Function& function) {
  function = reinterpret_cast<Function>(::dlsym(library, name));
  CHECK(function != nullptr, "libcurl has no {}", name);
}

CurlLibrary load() {
  void* library = ::dlopen("libcurl.so.4", RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    const char* reason = ::dlerror();
    throw UserError(
        fmt::format("cannot load libcurl, which gs://, s3:// and https:// need: {}. "
                    "Install it (Debian: libcurl4)",
                    reason == nullptr ? "unknown reason" : reason));
  }
  CurlLibrary curl;
  resolve(library, "curl_global_init", curl.global_init);
  resolve(library, "curl_easy_init", curl.easy_init);
  resolve(library, "curl_easy_cleanup", curl.easy_cleanup);
  resolve(library, "curl_easy_reset", curl.easy_reset);
  resolve(library, "curl_easy_setopt", curl.easy_setopt);
  resolve(library, "curl_easy_perform", curl.easy_perform);
  resolve(library, "curl_easy_getinfo", curl.easy_getinfo);
  resolve(library, "curl_easy_strerror", curl.easy_strerror);
  resolve(library, "curl_slist_append", curl.slist_append);
  resolve(library, "curl_slist_free_all", curl.slist_free_all);
  CHECK(curl.global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK, "libcurl does not start");
  return curl;
}

}  // namespace

const CurlLibrary& CurlLibrary::loaded() {
  static const CurlLibrary library = load();
  return library;
}

}  // namespace temper::http
