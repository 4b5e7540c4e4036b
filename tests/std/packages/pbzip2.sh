# pbzip2: compresses on 1, 4 and 8 threads to the same bytes, from a file and a pipe. Needs libbz2-dev.
source_package=pbzip2
build() { make -s CXX="$cxx"; }
check() {
  local threads
  head -c 20000000 /usr/lib/gcc/x86_64-linux-gnu/*/cc1plus >big
  for threads in 1 4 8; do
    "$glibc/pbzip2" -kfq -p$threads -c big >glibc.bz2
    "$rt0/pbzip2" -kfq -p$threads -c big >rt0.bz2
    same glibc.bz2 rt0.bz2
    "$rt0/pbzip2" -dc -p$threads rt0.bz2 >back
    same big back
  done
  passes "$rt0/pbzip2" -t rt0.bz2
  "$rt0/pbzip2" -c <big | bzip2 -dc >back
  same big back
}
