/* Devices in the generic runtime: which one a model takes, and what a context keeps to run on it. A library without code for
 * devices has no table of a driver; then none of this is reached. */

#ifndef RESNET_RUNTIME_DEVICES_H
#define RESNET_RUNTIME_DEVICES_H

#include "runtime/Internal.h"

/* Whether the program has code for devices. */
bool resnet_has_devices(const resnet_program *program);

/* The first device that is not the host's own processor. */
bool resnet_find_processor(const resnet_program *program, resnet_chosen_device *chosen);

/* The first device that `wanted` names: its number over all kinds, its kind ("cuda") or a part of its name, in any case; NULL:
 * any. RESNET_NO_DEVICE: the message lists what there is. */
resnet_status resnet_find_device(const resnet_program *program, const char *wanted, resnet_chosen_device *chosen,
                                 resnet_error *error);

/* Opens the device and brings the weights there. After a failure nothing is held. */
resnet_status resnet_model_device_open(const resnet_program *program, const resnet_chosen_device *chosen,
                                       resnet_model_device *device, resnet_error *error);
void resnet_model_device_close(resnet_model_device *device); /* of one that is not open: does nothing */

#endif
