/* Embeds the runtime's object files, so that the compiler finds them wherever it is installed: the runtime itself, and what each
 * kind of devices needs beside it. The paths are macros. */

#define EMBED(name, path)                                                                                                        \
  __asm__(".section .rodata\n"                                                                                                   \
          ".balign 16\n"                                                                                                         \
          ".globl " name "\n"                                                                                                    \
          ".hidden " name "\n" name ":\n"                                                                                        \
          ".incbin \"" path "\"\n"                                                                                               \
          ".globl " name "_end\n"                                                                                                \
          ".hidden " name "_end\n" name "_end:\n"                                                                                \
          ".byte 0\n"                                                                                                            \
          ".previous\n");

EMBED("resnet_embedded_runtime", RESNET_RUNTIME_OBJECT)
EMBED("resnet_embedded_opencl", RESNET_OPENCL_OBJECT)
EMBED("resnet_embedded_cuda", RESNET_CUDA_OBJECT)
