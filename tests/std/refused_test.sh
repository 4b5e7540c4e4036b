#!/bin/sh
# refused_test.sh REFUSE PROGRAM...: each passes where a filter refuses io_uring, whichever errno it says, and
# where epoll_pwait2 is unknown as well.
set -eu
refuse=$1
shift
rings=425,426,427 epoll_pwait2=441 EPERM=1 ENOSYS=38
for program; do
  "$refuse" $EPERM $rings "$program"
  "$refuse" $ENOSYS $rings,$epoll_pwait2 "$program"
done
