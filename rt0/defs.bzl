"""How rt0 and its programs are built.

For programs:  rt0_binary, rt0_test      an ordinary C++20 program whose _start is rt0's
For the house: core_library, member_library, rt0_core_object, rt0_install_tree

The runtime becomes one object, rt0core.o, whose code is one section, rt0_text, and whose hidden names are
local, and archive members beside it. The install tree holds both as a compiler finds them. Programs are
linked against it through its specs file, as they are by a user, so that every test proves the specs too.
"""

_CORE_FLAGS = [
    "-O2",
    "-g",
    "-fPIE",
    "-fno-stack-protector",  # the canary is in the TCB, which start-up code does not have yet
    "-fvisibility=hidden",
    "-fno-omit-frame-pointer",
    "-fcf-protection=none",
    "-U_FORTIFY_SOURCE",
    "-Wall",
    "-Wextra",
    "-Werror",
] + select({
    "//rt0:clang": [],  # a second reading only; it does not ship
    "//conditions:default": [
        "-fno-tree-loop-distribute-patterns",  # our memcpy must not become a call of memcpy
        "-fno-gnu-unique",  # an inline variable's copy in a test of internals must give way
    ],
})

# Of a part that no hot path runs through: GCC begins every function, loop and jump's target at a multiple of
# 16, and inlines for speed, which a start or a report does not feel and every program carries.
PACKED = [
    "-Os",
    "-falign-functions=1",
]

_NO_EXCEPTIONS = [
    "-fno-exceptions",
    "-fno-rtti",
    "-fno-threadsafe-statics",
]

# Of a program: as rt0.specs compiles it (frame pointers for walks, probes against jumped guard pages).
_PROGRAM_FLAGS = [
    "-O2",
    "-g",
    "-fno-omit-frame-pointer",
    "-fstack-clash-protection",
]

Rt0CoreInfo = provider(
    doc = "The runtime's core.",
    fields = {
        "object": "rt0core.o as it ships",
        "open_object": "the same with its hidden names linkable, for tests of internals",
        "owners": "labels of the libraries inside, which a link must leave out",
    },
)

Rt0TreeInfo = provider(
    doc = "An install tree.",
    fields = {"core": "its Rt0CoreInfo"},
)

def _is_asm(path):
    return path.endswith(".S")

def core_library(name, srcs = [], hdrs = [], deps = [], visibility = None, copts = [], **kwargs):
    """A part of rt0core.o: no exceptions, no RTTI, hidden names. Assembly in srcs gets no C++ flags."""
    asm = [s for s in srcs if _is_asm(s)]
    if asm:
        native.cc_library(
            name = name + "_asm",
            srcs = asm + hdrs,
            alwayslink = True,
            copts = ["-g"],
            linkstatic = True,
            visibility = ["//visibility:private"],
            deps = deps,
        )
    native.cc_library(
        name = name,
        srcs = [s for s in srcs if not _is_asm(s)],
        hdrs = hdrs,
        alwayslink = True,
        copts = _CORE_FLAGS + _NO_EXCEPTIONS + copts,
        linkstatic = True,
        visibility = visibility,
        deps = deps + ([":" + name + "_asm"] if asm else []),
        **kwargs
    )

def member_library(name, srcs = [], deps = [], visibility = None, copts = [], exceptions = False, **kwargs):
    """Ordinary members of librt0: linked where needed, preemptible, free to throw if exceptions."""
    native.cc_library(
        name = name,
        srcs = srcs,
        copts = _CORE_FLAGS + [
            "-ffunction-sections",
            "-fdata-sections",
            "-fstack-clash-protection",
        ] + ([] if exceptions else _NO_EXCEPTIONS) + copts,
        linkstatic = True,
        visibility = visibility,
        deps = deps,
        **kwargs
    )

def _inputs(deps, core = None):
    """Objects and ready-made archives behind deps, each once, without those that the core holds."""
    core_owners = {owner: True for owner in core.owners} if core else {}
    objects, archives, owners = [], [], []
    for linker_input in cc_common.merge_cc_infos(
        cc_infos = [d[CcInfo] for d in deps],
    ).linking_context.linker_inputs.to_list():
        if linker_input.owner in core_owners:
            continue
        owners.append(linker_input.owner)
        for library in linker_input.libraries:
            found = library.pic_objects or library.objects
            if found:
                objects.extend(found)
            elif library.pic_static_library or library.static_library:
                archives.append(library.pic_static_library or library.static_library)
    return objects, archives, owners

def _core_object_impl(ctx):
    objects, archives, owners = _inputs(ctx.attr.deps)
    shipped = ctx.actions.declare_file("rt0core.o")
    open_object = ctx.actions.declare_file("rt0core_open.o")
    ctx.actions.run(
        arguments = [shipped.path, open_object.path] + [f.path for f in objects + archives],
        executable = ctx.executable._tool,
        inputs = objects + archives,
        mnemonic = "Rt0Core",
        outputs = [shipped, open_object],
        progress_message = "Merging rt0core.o",
        use_default_shell_env = True,
    )
    return [
        DefaultInfo(files = depset([shipped]), runfiles = ctx.runfiles(files = [shipped])),
        Rt0CoreInfo(object = shipped, open_object = open_object, owners = owners),
    ]

rt0_core_object = rule(
    doc = "rt0core.o: every object of deps and of what they need, merged by tools/build/core_object.",
    implementation = _core_object_impl,
    attrs = {
        "deps": attr.label_list(providers = [CcInfo]),
        "_tool": attr.label(default = "//tools/build:core_object", executable = True, cfg = "exec"),
    },
)

def _install_tree_impl(ctx):
    core = ctx.attr.core[Rt0CoreInfo]
    objects, archives, _ = _inputs(ctx.attr.members, core)
    if archives:
        fail("a member of librt0 needs a ready-made archive: " + archives[0].path)
    tree = ctx.actions.declare_directory(ctx.label.name)
    inputs = [ctx.file.libc, core.object] + objects + ctx.files.headers + ctx.files.files
    args = ctx.actions.args()
    args.add(tree.path)
    args.add(ctx.file.libc)
    args.add_all(["--objects", core.object] + objects)
    args.add_all(["--files"] + ctx.files.files)
    args.add_all(["--headers"] + ctx.files.headers)
    ctx.actions.run(
        arguments = [args],
        executable = ctx.executable._tool,
        inputs = inputs,
        mnemonic = "Rt0Install",
        outputs = [tree],
        progress_message = "Making the install tree",
        use_default_shell_env = True,
    )
    info = DefaultInfo(files = depset([tree]), runfiles = ctx.runfiles(files = [tree]))
    return [info, Rt0TreeInfo(core = core)]

rt0_install_tree = rule(
    doc = "What `tools/rt0 install` copies: lib, include, bin, rt0.specs (with @PREFIX@ still to fill in).",
    implementation = _install_tree_impl,
    attrs = {
        "core": attr.label(mandatory = True, providers = [Rt0CoreInfo]),
        "files": attr.label_list(allow_files = True),
        "headers": attr.label_list(allow_files = True),
        "libc": attr.label(mandatory = True, allow_single_file = True),
        "members": attr.label_list(providers = [CcInfo]),
        "_tool": attr.label(default = "//tools/build:install_tree", executable = True, cfg = "exec"),
    },
)

def _program_impl(ctx):
    tree = ctx.attr._tree
    core = tree[Rt0TreeInfo].core
    objects, archives, _ = _inputs(ctx.attr.deps, core)
    if ctx.attr.internals:
        objects = [core.open_object] + objects
    program = ctx.actions.declare_file(ctx.label.name)
    ctx.actions.run(
        arguments = [program.path, ctx.files._tree[0].path, ctx.attr.mode] +
                    [f.path for f in objects + archives] + ctx.attr.linkopts,
        executable = ctx.executable._tool,
        inputs = objects + archives + ctx.files._tree,
        mnemonic = "Rt0Link",
        outputs = [program],
        progress_message = "Linking " + str(ctx.label),
        use_default_shell_env = True,
    )
    runfiles = ctx.runfiles(files = ctx.files.data)
    for dep in ctx.attr.data:
        runfiles = runfiles.merge(dep[DefaultInfo].default_runfiles)
    info = DefaultInfo(executable = program, files = depset([program]), runfiles = runfiles)
    return [info] + ([testing.TestEnvironment(ctx.attr.env)] if ctx.attr.env else [])

_PROGRAM_ATTRS = {
    "data": attr.label_list(allow_files = True),
    "deps": attr.label_list(providers = [CcInfo]),
    "env": attr.string_dict(),
    "internals": attr.bool(doc = "link the core with its hidden names open, for tests of what is inside"),
    "linkopts": attr.string_list(),
    "mode": attr.string(default = "static-pie", values = ["static", "static-pie"]),
    "_tool": attr.label(default = "//tools/build:link_program", executable = True, cfg = "exec"),
    "_tree": attr.label(default = "//:install", providers = [Rt0TreeInfo]),
}

_rt0_program = rule(implementation = _program_impl, attrs = _PROGRAM_ATTRS, executable = True)
_rt0_program_test = rule(implementation = _program_impl, attrs = _PROGRAM_ATTRS, test = True)

def _objects(name, srcs, deps, copts, testonly):
    native.cc_library(
        name = name + "_objects",
        testonly = testonly,
        srcs = srcs,
        alwayslink = True,
        copts = _PROGRAM_FLAGS + copts,
        linkstatic = True,
        tags = ["manual"],
        visibility = ["//visibility:private"],
        deps = deps + ["//runtime/include:rt"],
    )
    return [":" + name + "_objects"]

def rt0_binary(name, srcs, deps = [], copts = [], testonly = False, **kwargs):
    """A program on rt0. mode = "static" makes it non-PIE; data, linkopts, visibility as in cc_binary."""
    _rt0_program(
        name = name,
        testonly = testonly,
        deps = _objects(name, srcs, deps, copts, testonly),
        **kwargs
    )

def rt0_test(name, srcs, deps = [], copts = [], size = "small", **kwargs):
    """A test that is itself a program on rt0. internals = True opens the core's hidden names to it."""
    _rt0_program_test(
        name = name,
        size = size,  # a hang is found after a minute
        deps = _objects(name, srcs, deps, copts, True),
        **kwargs
    )

def rt0_tests(srcs, deps = [], **kwargs):
    """One rt0_test for each of srcs: x_test.cc becomes x_test."""
    for src in srcs:
        rt0_test(name = src.rpartition(".")[0].replace("/", "_"), srcs = [src], deps = deps, **kwargs)
