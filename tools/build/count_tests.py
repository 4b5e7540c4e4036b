"""count_tests.py EVENTS.json STATUS: prints "PASSED FAILED" of a `bazel test`, from its build events.

A test that could not be built, and any other target that could not, counts as failed; so does a Bazel
that ended badly (STATUS, other than 4: no tests were found) without naming a target.
"""
import json
import os
import sys


def count(lines, status):
    results, broken = {}, set()
    for line in lines:
        event = json.loads(line)
        identity = event.get("id", {})
        if "testSummary" in identity:
            status_of_test = event.get("testSummary", {}).get("overallStatus")
            results[identity["testSummary"]["label"]] = status_of_test
        elif "targetCompleted" in identity and not event.get("completed", {}).get("success"):
            broken.add(identity["targetCompleted"]["label"])
    passed = {label for label, result in results.items() if result in ("PASSED", "FLAKY")} - broken
    failed = (set(results) | broken) - passed
    if not failed and status not in (0, 4):
        return len(passed), 1
    return len(passed), len(failed)


if __name__ == "__main__":
    path = sys.argv[1]
    print(*count(open(path) if os.path.exists(path) else [], int(sys.argv[2])))
