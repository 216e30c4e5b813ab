// The declared list of cases that do not pass, each with its reason.

#ifndef RESNET_TEST_CONFORMANCE_EXCLUSIONS_H
#define RESNET_TEST_CONFORMANCE_EXCLUSIONS_H

#include "llvm/ADT/StringMap.h"
#include "llvm/Support/Error.h"

namespace resnet::test {

/// Reads a list: a line that begins at the margin is a reason, the indented ones behind it name cases; '#' begins a comment.
/// From a case's name to its reason. Reports a name that is there twice, or has no reason.
llvm::Expected<llvm::StringMap<std::string>> readExclusions(llvm::StringRef path);

} // namespace resnet::test

#endif // RESNET_TEST_CONFORMANCE_EXCLUSIONS_H
