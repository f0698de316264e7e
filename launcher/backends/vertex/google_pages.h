#pragma once

#include <string>

namespace temper::launch {

/// Google's lists come in pages, each with the token of the next one as `next`. Hands every page of
/// `ask(token)` to `take`, until that returns false or a page is the last one: it has no token, or
/// the one that it was asked by.
template <typename Ask, typename Take>
void take_pages(const Ask& ask, const Take& take) {
  std::string token;
  while (true) {
    const auto page = ask(token);
    if (!take(page) || page.next.empty() || page.next == token) {
      return;
    }
    token = page.next;
  }
}

}  // namespace temper::launch
