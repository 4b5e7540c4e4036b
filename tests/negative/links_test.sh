#!/bin/bash
# links_test.sh PREFIX [FOLDER]: every link line of the README against the install tree in PREFIX, with the
# options that people add, and the wrong lines, which must end in a line that says what to do and never in a
# crash. FOLDER: where app.cc, app.c and lacking.cc are (default: beside this script). CXX and CC choose the
# compilers.
set -u
P=$(cd "$1" && pwd)
here=$(cd "${2:-$(dirname "$0")}" && pwd)
CXX=${CXX:-g++} CC=${CC:-gcc}
export RT0_CXX=$CXX RT0_CC=$CC
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
good=0 bad=0

expected_cc='app caught 6 8' expected_c='app in C 6'

result() {   # result OK WHAT
  if [ "$1" = yes ]; then good=$((good + 1)); return; fi
  bad=$((bad + 1))
  echo "FAIL: $2"
  head -n 8 link.log out.log err.log 2>/dev/null
}

# builds COMMAND...: compiles to ./a, keeps the compiler's words in link.log.
builds() {
  rm -f a out.log err.log
  "$@" -o a >link.log 2>&1
}

# runs WANTED COMMAND...: links without a word, prints WANTED, status 0.
runs() {
  local wanted=$1 ok=yes
  shift
  if ! builds "$@"; then result no "does not link: $*"; return; fi
  [ -s link.log ] && ok=no
  timeout 60 ./a >out.log 2>err.log || ok=no
  [ "$(cat out.log)" = "$wanted" ] && [ ! -s err.log ] || ok=no
  result $ok "$*"
}

# tells LINE COMMAND...: links, then the program's only words are one line that begins with LINE, status 127.
tells() {
  local line=$1 status=0
  shift
  if ! builds "$@"; then result no "does not link: $*"; return; fi
  timeout 60 ./a >out.log 2>err.log || status=$?
  local ok=no
  if [ $status = 127 ] && [ ! -s out.log ] && [ "$(wc -l <err.log)" = 1 ]; then
    [[ $(cat err.log) == "$line"* ]] && ok=yes
  fi
  result $ok "status $status: $*"
}

# refuses NAME COMMAND...: the link fails, and the linker names NAME.
refuses() {
  local name=$1
  shift
  if builds "$@"; then result no "links: $*"; return; fi
  local ok=no
  grep -q "undefined reference to .$name" link.log && ok=yes
  result $ok "does not name $name: $*"
}

literal=("$CXX" -std=c++20 -static-pie -nostartfiles "$here/app.cc" "-L$P/lib" -lrt0)
specs=("$CXX" -std=c++20 "-specs=$P/rt0.specs" "$here/app.cc")

# 1. The literal line, the specs, the wrappers; C.
runs "$expected_cc" "${literal[@]}"
runs "$expected_cc" "${specs[@]}"
runs "$expected_cc" "$P/bin/rt0-g++" -std=c++20 "$here/app.cc"
runs "$expected_c" "$CC" "-specs=$P/rt0.specs" "$here/app.c"
runs "$expected_c" "$P/bin/rt0-gcc" "$here/app.c"
runs "$expected_c" "$CC" -static-pie -nostartfiles "$here/app.c" "-L$P/lib" -lrt0

# 2. Not PIE.
runs "$expected_cc" "${specs[@]}" -static
runs "$expected_cc" "$CXX" -std=c++20 -static -nostartfiles "$here/app.cc" "-L$P/lib" -lrt0 -Wl,--eh-frame-hdr
tells "rt0: link with -Wl,--eh-frame-hdr" \
  "$CXX" -std=c++20 -static -nostartfiles "$here/app.cc" "-L$P/lib" -lrt0

# 3. The wrong line: a dynamic program, whose loader would have run another C library first.
tells "rt0: link with -static-pie" "$CXX" -std=c++20 -nostartfiles "$here/app.cc" "-L$P/lib" -lrt0

# 4. What rt0 lacks is the linker's to say.
refuses clone "$CXX" -std=c++20 -static-pie -nostartfiles "$here/lacking.cc" "-L$P/lib" -lrt0
refuses clone "$CXX" -std=c++20 "-specs=$P/rt0.specs" "$here/lacking.cc"

# 5. The options people add, on both lines.
fortified=(-O2 -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
for option in -O0 -O2 -O3 -Os "-O2 -flto" -pthread -lm "-lm -lpthread -ldl -lrt" -std=c++20 -std=gnu++20 -g \
  "${fortified[*]}" -fstack-protector-all "-fstack-clash-protection -fcf-protection" -s -march=native \
  "-ffunction-sections -fdata-sections -Wl,--gc-sections" -fPIC -fno-plt "-O2 -fomit-frame-pointer"; do
  read -ra words <<<"$option"
  runs "$expected_cc" "${literal[@]}" "${words[@]}"
  runs "$expected_cc" "${specs[@]}" "${words[@]}"
done
runs "$expected_cc" "${specs[@]}" -static "${fortified[@]}" -fstack-protector-all -flto

# 6. Compiled apart, linked later; a path with a blank; arguments reach main.
"$CXX" -std=c++20 -O2 -c "$here/app.cc" -o app.o || exit 1
runs "$expected_cc" "$CXX" "-specs=$P/rt0.specs" app.o
mkdir "with blank" && cp "$here/app.cc" "with blank/"
runs "$expected_cc" "$CXX" -std=c++20 "-specs=$P/rt0.specs" "with blank/app.cc"
ok=no
builds "${specs[@]}" && [ "$(./a given)" = 'app given 6 16' ] && ok=yes
result $ok "arguments"

# 7. What came out is one file without a loader and without glibc's names.
shape_is_right() {
  readelf -lW a >segments && ! grep -q INTERP segments && grep -q GNU_EH_FRAME segments &&
    grep -q GNU_RELRO segments && ! readelf -dW a | grep -q NEEDED && ! grep -aq 'GNU C Library' a
}
ok=no
builds "${specs[@]}" -O2 && shape_is_right && ok=yes
result $ok "the shape of the program"

echo "$good links as wanted, $bad not"
[ $bad = 0 ]
