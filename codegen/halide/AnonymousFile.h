// Halide writes files only: an anonymous one, which no crash leaves behind, takes what it writes.

#ifndef RESNET_CODEGEN_HALIDE_ANONYMOUSFILE_H
#define RESNET_CODEGEN_HALIDE_ANONYMOUSFILE_H

#include <functional>
#include <string>

namespace resnet::codegen {

/// What `write` leaves in the file whose path it is given. Throws Halide::RuntimeError where that is nothing.
std::string writtenBy(const std::function<void(const std::string &path)> &write);

} // namespace resnet::codegen

#endif // RESNET_CODEGEN_HALIDE_ANONYMOUSFILE_H
