"""The second C++ toolchain: Bazel's own Unix configuration, made for clang-19 whatever CC is."""

load("@bazel_tools//tools/cpp:lib_cc_configure.bzl", "get_cpu_value")
load("@bazel_tools//tools/cpp:unix_cc_configure.bzl", "configure_unix_toolchain")

def _impl(ctx):
    clang = ctx.which("clang-19")
    if not clang:
        fail("clang-19 is not installed: apt-get install -y --no-install-recommends clang-19")
    configure_unix_toolchain(ctx, get_cpu_value(ctx), {"gcc": str(clang)})

clang_toolchain = repository_rule(
    implementation = _impl,
    configure = True,
    environ = ["PATH"],
    local = True,
)
