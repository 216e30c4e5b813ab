// What a kernel does for an image with the algorithm that its schedule chose: a profile holds a step's time against this.
// Specifications are canonical. Plain C++.

#ifndef RESNET_CODEGEN_KERNELWORK_H
#define RESNET_CODEGEN_KERNELWORK_H

#include "codegen/KernelSpec.h"
#include <cstdint>
#include <string>

namespace resnet::codegen {

/// A convolution's: "direct", or "F(4,3)" for Winograd with tiles of 4 x 4 outputs, "F(4,3) mixed" for tiles of at most that.
/// Empty for other kernels. The same for any number of images, since programs for one number compute the same bits.
std::string algorithmName(const KernelSpec &spec);

/// Multiply-adds of the algorithm's products, counted as two operations each. Direct: flopsPerImage. Winograd: one for each point
/// of a tile and each pair of channels, tiles at the map's edges and blocks of channels counted whole. Not counted: transforms,
/// and what a schedule computes twice (columns that fill up a register tile, a stem's rows between two tasks).
int64_t performedFlopsPerImage(const KernelSpec &spec);

/// Of the packed filter, bias, scale and shift, as they are stored; every launch reads them.
int64_t weightsBytes(const KernelSpec &spec);

/// Input and addend, of each the elements that are read, and output, all once. Without halos, which are zero, and with the lanes
/// that fill up a block of channels. Pixels that a stride skips are not read.
int64_t activationBytesPerImage(const KernelSpec &spec);

} // namespace resnet::codegen

#endif // RESNET_CODEGEN_KERNELWORK_H
