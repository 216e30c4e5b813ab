// Passes of the kernel level: layouts, kernels, memory, host program. Included by Passes.td.
