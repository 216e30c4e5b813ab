/* Defaults of AddressSanitizer for programs that share LLVM's allocators with a libMLIR that is not instrumented: memory that our
 * inlined code poisons would never be unpoisoned there. Linked into every program of a -DRESNET_SANITIZE=address build. */

__attribute__((visibility("default"), used)) const char *__asan_default_options(void);
const char *__asan_default_options(void) { return "allow_user_poisoning=0:detect_container_overflow=0"; }
