/* How a driver's library is opened: by the first of its names that the loader finds. It stays open. */

#ifndef RESNET_RUNTIME_DRIVERLIBRARY_H
#define RESNET_RUNTIME_DRIVERLIBRARY_H

#include <dlfcn.h>
#include <stddef.h>
#include <stdio.h>

/* NULL where there is none under either name; the message says why not. */
static inline void *resnet_open_driver(const char *name, const char *other_name, char *message, size_t message_size) {
  void *library = dlopen(name, RTLD_NOW | RTLD_LOCAL);
  if (!library)
    library = dlopen(other_name, RTLD_NOW | RTLD_LOCAL);
  if (!library) {
    const char *why = dlerror();
    snprintf(message, message_size, "cannot open %s or %s: %.180s", name, other_name, why ? why : "no reason given");
  }
  return library;
}

#endif
