"""The rooms of runtime/, lowest first: a room sees only rooms before it."""

load("//rt0:defs.bzl", "core_library")

ROOMS = [
    "base",
    "lock",
    "mem",
    "timer",
    "sched",
    "signal",
    "sync",
    "unwind",
    "chan",
    "io",
    "libc",
    "go",
    "boot",
]

def rooms_before(name):
    return ["//runtime/" + room for room in ROOMS[:ROOMS.index(name)]]

def room(name, folders = [], deps = [], copts = []):
    """The core_library of one room: its folder and those named, seen by later rooms and by tests."""
    native.filegroup(
        name = "headers",
        srcs = native.glob(["**/*.h"], allow_empty = True),
        visibility = [
            "//tests/failure:__pkg__",
            "//tools/rt0db:__pkg__",
        ],
    )
    later = ROOMS[ROOMS.index(name) + 1:]
    core_library(
        name = name,
        srcs = native.glob(["**/*.cc"], allow_empty = True),
        hdrs = native.glob(["**/*.h"], allow_empty = True),
        copts = copts,
        visibility = ["//runtime/" + other + ":__subpackages__" for other in later + [name]] + [
            "//runtime:__pkg__",
            "//tests:__subpackages__",
        ],
        deps = rooms_before(name) + [
            "//rt0:cpu",
            "//sys",
            "//sys/image",
        ] + deps,
    )
