# zstd: its threads compress to the same bytes; its tests of the pool, of streams, and of the command.
source_package=libzstd
build() {
  local options=(CC="$cc" CXX="$cxx" HAVE_ZLIB=0 HAVE_LZMA=0 HAVE_LZ4=0 HAVE_THREAD=1)
  make -s -j2 -C programs zstd "${options[@]}" &&
    make -s -j2 -C tests datagen poolTests zstreamtest "${options[@]}"
}
check() {
  local level threads
  "$glibc/tests/datagen" -g40MB >big
  for level in 1 3 9; do
    for threads in 0 1 4; do
      "$glibc/programs/zstd" -q -f -T$threads -$level big -o glibc.zst
      "$rt0/programs/zstd" -q -f -T$threads -$level big -o rt0.zst
      same glibc.zst rt0.zst
      "$rt0/programs/zstd" -q -d -f rt0.zst -o back
      same big back
    done
  done
  passes "$rt0/tests/poolTests"
  passes "$rt0/tests/zstreamtest" --newapi -T10s
  cd "$rt0/tests" && passes env ZSTD_BIN=../programs/zstd DATAGEN_BIN=./datagen sh ./playTests.sh
}
