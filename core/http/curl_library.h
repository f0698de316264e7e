#pragma once

#define CURL_DISABLE_TYPECHECK  // its macros want to call the functions by name
#include <curl/curl.h>

#include <memory>

namespace temper::http {

/// libcurl's functions, loaded when first needed: linking it costs every start of a program 7 ms
/// for its thirty libraries, and most runs of `temper` never touch the network.
struct CurlLibrary {
  decltype(&::curl_global_init) global_init = nullptr;
  decltype(&::curl_easy_init) easy_init = nullptr;
  decltype(&::curl_easy_cleanup) easy_cleanup = nullptr;
  decltype(&::curl_easy_reset) easy_reset = nullptr;
  decltype(&::curl_easy_setopt) easy_setopt = nullptr;
  decltype(&::curl_easy_perform) easy_perform = nullptr;
  decltype(&::curl_easy_getinfo) easy_getinfo = nullptr;
  decltype(&::curl_easy_strerror) easy_strerror = nullptr;
  decltype(&::curl_slist_append) slist_append = nullptr;
  decltype(&::curl_slist_free_all) slist_free_all = nullptr;

  /// Loads and initialises it, once a process; it stays loaded. UserError if it is not installed.
  /// Thread-safe.
  static const CurlLibrary& loaded();
};

}  // namespace temper::http
