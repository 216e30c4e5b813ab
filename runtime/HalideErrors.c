/* Entry points of kernels that keep Halide's assertions (the debug variant): each failure becomes the message of the run, and its
 * code the kernel's result. Names, parameters and codes are those of HalideRuntime.h, which the runtime does not include. */

#include "runtime/Internal.h"

#include <stdio.h>
#include <string.h>

int resnet_kernel_error(void *user_context, int code, const char *format, ...) {
  resnet_worker *worker = user_context;
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(worker->message, sizeof worker->message, format, arguments);
  va_end(arguments);
  return code;
}

/* The general handler; kernels reach it through the functions below, and the runtime of device kernels with texts of many lines,
 * of which the first tells. That runtime reports without a run when a library is unloaded: nobody is there to hear it. */
void halide_error(void *user_context, const char *message) {
  if (user_context)
    resnet_kernel_error(user_context, -1, "%.*s", (int)strcspn(message, "\n"), message);
}

/* Kernels do not print: a library writes to no stream of its host. */
void halide_print(void *user_context, const char *message) {
  (void)user_context;
  (void)message;
}

#define FAIL(code, ...) return resnet_kernel_error(user_context, code, __VA_ARGS__)

int halide_error_bounds_inference_call_failed(void *user_context, const char *extern_stage, int result) {
  FAIL(result, "bounds inference of extern stage %s returned %d", extern_stage, result);
}
int halide_error_extern_stage_failed(void *user_context, const char *extern_stage, int result) {
  FAIL(result, "extern stage %s returned %d", extern_stage, result);
}
int halide_error_explicit_bounds_too_small(void *user_context, const char *func, const char *var, int min_bound, int max_bound,
                                           int min_required, int max_required) {
  FAIL(-2, "bounds given for %s in %s (from %d to %d) do not cover the required region (from %d to %d)", var, func, min_bound,
       max_bound, min_required, max_required);
}
int halide_error_bad_type(void *user_context, const char *func, uint32_t given, uint32_t correct) {
  FAIL(-3, "%s has type %08x, expected %08x (bits of a halide_type_t)", func, (unsigned)given, (unsigned)correct);
}
int halide_error_bad_dimensions(void *user_context, const char *func, int32_t given, int32_t correct) {
  FAIL(-43, "%s has %d dimensions, expected %d", func, (int)given, (int)correct);
}
int halide_error_access_out_of_bounds(void *user_context, const char *func, int dimension, int min_touched, int max_touched,
                                      int min_valid, int max_valid) {
  FAIL(-4, "%s is accessed from %d to %d in dimension %d, it extends from %d to %d", func, min_touched, max_touched, dimension,
       min_valid, max_valid);
}
int halide_error_buffer_allocation_too_large(void *user_context, const char *buffer, uint64_t size, uint64_t max_size) {
  FAIL(-5, "allocation of %s needs %llu bytes, at most %llu are allowed", buffer, (unsigned long long)size,
       (unsigned long long)max_size);
}
int halide_error_buffer_extents_negative(void *user_context, const char *buffer, int dimension, int extent) {
  FAIL(-28, "%s has extent %d in dimension %d", buffer, extent, dimension);
}
int halide_error_buffer_extents_too_large(void *user_context, const char *buffer, int64_t size, int64_t max_size) {
  FAIL(-6, "%s has %lld elements, at most %lld are allowed", buffer, (long long)size, (long long)max_size);
}
int halide_error_constraints_make_required_region_smaller(void *user_context, const char *buffer, int dimension,
                                                          int constrained_min, int constrained_extent, int required_min,
                                                          int required_extent) {
  FAIL(-7, "constraints on %s leave %d elements from %d in dimension %d, %d from %d are required", buffer, constrained_extent,
       constrained_min, dimension, required_extent, required_min);
}
int halide_error_constraint_violated(void *user_context, const char *var, int value, const char *constrained_var,
                                     int constrained_value) {
  FAIL(-8, "%s is %d, expected %s = %d", var, value, constrained_var, constrained_value);
}
int halide_error_param_too_small_i64(void *user_context, const char *param, int64_t value, int64_t min_value) {
  FAIL(-9, "parameter %s is %lld, at least %lld is expected", param, (long long)value, (long long)min_value);
}
int halide_error_param_too_small_u64(void *user_context, const char *param, uint64_t value, uint64_t min_value) {
  FAIL(-9, "parameter %s is %llu, at least %llu is expected", param, (unsigned long long)value, (unsigned long long)min_value);
}
int halide_error_param_too_small_f64(void *user_context, const char *param, double value, double min_value) {
  FAIL(-9, "parameter %s is %g, at least %g is expected", param, value, min_value);
}
int halide_error_param_too_large_i64(void *user_context, const char *param, int64_t value, int64_t max_value) {
  FAIL(-10, "parameter %s is %lld, at most %lld is expected", param, (long long)value, (long long)max_value);
}
int halide_error_param_too_large_u64(void *user_context, const char *param, uint64_t value, uint64_t max_value) {
  FAIL(-10, "parameter %s is %llu, at most %llu is expected", param, (unsigned long long)value, (unsigned long long)max_value);
}
int halide_error_param_too_large_f64(void *user_context, const char *param, double value, double max_value) {
  FAIL(-10, "parameter %s is %g, at most %g is expected", param, value, max_value);
}
int halide_error_out_of_memory(void *user_context) { FAIL(-11, "out of memory for a temporary"); }
int halide_error_buffer_argument_is_null(void *user_context, const char *buffer) {
  FAIL(-12, "buffer argument %s is NULL", buffer);
}
int halide_error_debug_to_file_failed(void *user_context, const char *func, const char *file, int code) {
  FAIL(-13, "writing %s to %s failed with %d", func, file, code);
}
int halide_error_unaligned_host_ptr(void *user_context, const char *func, int alignment) {
  FAIL(-24, "the memory of %s is not aligned to %d bytes", func, alignment);
}
int halide_error_host_is_null(void *user_context, const char *func) { FAIL(-34, "the memory of %s is NULL", func); }
int halide_error_bad_fold(void *user_context, const char *func, const char *var, const char *loop) {
  FAIL(-25, "storage of %s cannot be folded over %s in the loop %s", func, var, loop);
}
int halide_error_bad_extern_fold(void *user_context, const char *func, int dimension, int min, int extent, int valid_min,
                                 int fold_factor) {
  FAIL(-35, "extern stage accesses %s from %d to %d in dimension %d, folded by %d from %d", func, min, min + extent - 1,
       dimension, fold_factor, valid_min);
}
int halide_error_fold_factor_too_small(void *user_context, const char *func, const char *var, int fold_factor, const char *loop,
                                       int required_extent) {
  FAIL(-26, "fold factor %d of %s over %s is too small, the loop %s needs %d", fold_factor, func, var, loop, required_extent);
}
int halide_error_requirement_failed(void *user_context, const char *condition, const char *message) {
  FAIL(-27, "requirement %s failed: %s", condition, message);
}
int halide_error_specialize_fail(void *user_context, const char *message) { FAIL(-31, "no specialization fits: %s", message); }
int halide_error_no_device_interface(void *user_context) { FAIL(-19, "a buffer is on a device without an interface"); }
int halide_error_device_interface_no_device(void *user_context) {
  FAIL(-36, "a buffer has a device interface but no device memory");
}
int halide_error_host_and_device_dirty(void *user_context) { FAIL(-37, "a buffer is newer both in memory and on a device"); }
int halide_error_buffer_is_null(void *user_context, const char *routine) { FAIL(-38, "%s got a NULL buffer", routine); }
int halide_error_device_dirty_with_no_device_support(void *user_context, const char *buffer) {
  FAIL(-44, "%s is newer on a device, which the kernel cannot read", buffer);
}
int halide_error_storage_bound_too_small(void *user_context, const char *func, const char *var, int provided, int required) {
  FAIL(-45, "storage bound of %s over %s is %d, %d are required", func, var, provided, required);
}
int halide_error_device_crop_failed(void *user_context) { FAIL(-41, "a device buffer cannot be cropped"); }
