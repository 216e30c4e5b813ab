// Writes OIHW filters and per-channel vectors in the layout that kernels read (FilterGeometry). Runs on every compilation, the
// warm ones too, so it streams: a filter of 100 MB takes some tens of milliseconds.

#ifndef RESNET_CODEGEN_FILTERPACKING_H
#define RESNET_CODEGEN_FILTERPACKING_H

#include "dialect/IR/Geometry.h"

namespace resnet::codegen {

/// Packs `oihw` ([O, I/groups, KH, KW], row-major) into `packed`, which holds geometry.packedElements() floats and may be
/// uninitialised: rows and lanes that belong to no channel become zero.
void packFilter(const FilterGeometry &geometry, const float *oihw, float *packed);

/// Copies `channels` floats and fills up to the next multiple of `block` with zeros.
void packVector(int64_t channels, int64_t block, const float *src, float *dst);

} // namespace resnet::codegen

#endif // RESNET_CODEGEN_FILTERPACKING_H
