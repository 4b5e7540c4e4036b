#include "runtime/base/process_args.h"

namespace rt0 {

constinit process_args args{};

}  // namespace rt0
