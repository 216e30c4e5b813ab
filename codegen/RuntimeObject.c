/* Embeds the runtime's object file, so that the compiler finds it wherever it is installed. RESNET_RUNTIME_OBJECT is its path. */

__asm__(".section .rodata\n"
        ".balign 16\n"
        ".globl resnet_embedded_runtime\n"
        ".hidden resnet_embedded_runtime\n"
        "resnet_embedded_runtime:\n"
        ".incbin \"" RESNET_RUNTIME_OBJECT "\"\n"
        ".globl resnet_embedded_runtime_end\n"
        ".hidden resnet_embedded_runtime_end\n"
        "resnet_embedded_runtime_end:\n"
        ".byte 0\n"
        ".previous\n");
