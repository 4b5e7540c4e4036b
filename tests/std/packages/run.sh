#!/bin/bash
# run.sh PREFIX STATE [NAME...]: other people's programs, unmodified, compiled for rt0 (PREFIX/bin) and for
# the machine's own C library, must give the same results. NAME is a file NAME.sh here, which says
#
#   source_package=...       Debian's
#   build                    in a copy of its source, with $cc and $cxx
#   check                    $rt0 and $glibc are the two folders; every `same` and `passes` in it counts
#
# Sources come by apt-get from a folder of our own under STATE: the machine's list of sources stays as it is.
set -uo pipefail
here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
prefix=$(realpath "$1") state=$2
shift 2
[ $# -gt 0 ] || set -- zstd pbzip2 sqlite3 memcached redis
mkdir -p "$state"
state=$(realpath "$state")
passed=0 failed=0

count() { # STATUS WHAT
  if [ "$1" = 0 ]; then passed=$((passed + 1)); else failed=$((failed + 1)); echo "FAILED: $package: $2"; fi
}
same() { cmp "$1" "$2"; count $? "$1 and $2 differ"; }
passes() {
  local status=0
  timeout 600 "$@" >"$work/log" 2>&1 || status=$?
  count $status "status $status: $*"
  [ $status = 0 ] || tail -5 "$work/log"
}

fetch() { # SOURCE_PACKAGE: its unpacked folder is in $unpacked
  local apt=$state/apt
  mkdir -p "$apt"/{lists,archives}/partial "$apt/src"
  local key=/usr/share/keyrings/debian-archive-keyring.gpg
  echo "deb-src [signed-by=$key] http://deb.debian.org/debian bookworm main" >"$apt/sources.list"
  cat >"$apt/apt.conf" <<CONF
Dir::Etc::sourcelist "$apt/sources.list"; Dir::Etc::sourceparts "-"; APT::Sandbox::User "root";
Dir::State::lists "$apt/lists"; Dir::Cache "$apt"; Dir::Cache::pkgcache ""; Dir::Cache::srcpkgcache "";
CONF
  export APT_CONFIG=$apt/apt.conf
  [ -n "$(ls "$apt"/lists/*Sources* 2>/dev/null)" ] || apt-get update -qq || return 1
  unpacked=$(ls -d "$apt/src/$1"-*/ 2>/dev/null)
  [ -n "$unpacked" ] || (cd "$apt/src" && apt-get source -qq --only-source "$1" >/dev/null) || return 1
  unset APT_CONFIG
  unpacked=$(ls -d "$apt/src/$1"-*/)
}

build_both() {
  local kind
  for kind in rt0 glibc; do
    local folder=$work/$kind
    rm -rf "$folder"
    cp -a "$unpacked" "$folder"
    cc=gcc cxx=g++
    [ $kind = glibc ] || cc=$prefix/bin/rt0-gcc cxx=$prefix/bin/rt0-g++
    (cd "$folder" && build) >"$work/$kind.log" 2>&1 && continue
    count 1 "does not build for $kind"
    tail -5 "$work/$kind.log"
    return 1
  done
}

for package; do
  . "$here/$package.sh" || exit 2
  work=$state/$package rt0=$state/$package/rt0 glibc=$state/$package/glibc
  mkdir -p "$work"
  fetch "$source_package" || { count 1 "no source"; continue; }
  build_both || continue
  cd "$work" && check
done
echo "$passed passed, $failed failed"
[ $failed = 0 ]
