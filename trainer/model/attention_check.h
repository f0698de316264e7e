#pragma once

#include <string>

#include "trainer/model/kernels.h"

namespace temper::model {

/// Compares attention by `kernels` to that by `composition`, of the same memory and numbers:
/// forward and backward, with heads and sequences as models have them (groups of heads, a window,
/// sizes that kernels pad, sequences of one token and of many blocks), and a second time to itself.
/// Returns what it found, a line; FatalError if the kernels are wrong or don't repeat themselves.
std::string judge_attention(const Kernels& kernels, const Kernels& composition);

}  // namespace temper::model
