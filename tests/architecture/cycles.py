"""No two objects of a folder need each other: each of its object files needs only those below it.

  cycles.py LIST   LIST: lines "FOLDER OBJECT", one for each object file of the build

The graph comes from the symbols that `nm` prints: an object needs another one of its folder when it leaves a symbol
undefined that the other defines. Exit status 1 when a cycle is found; each is printed with the symbols that make it."""

import collections
import os
import subprocess
import sys


def symbols_of(objects):
    """{object: (the global symbols that it defines, those that it needs)}"""
    symbols = {}
    output = subprocess.run(["nm", "-A", "-P", "-g", *objects], stdout=subprocess.PIPE, text=True, check=True).stdout
    for line in output.splitlines():
        path, rest = line.split(": ", 1)
        name, kind = rest.split()[:2]
        defined, needed = symbols.setdefault(path, (set(), set()))
        (needed if kind in "Uvw" else defined).add(name)
    return symbols


def needs_of(objects):
    """{object: {object it needs: [symbols]}}"""
    symbols = symbols_of(objects)
    owners = {name: path for path, (defined, _) in symbols.items() for name in defined}
    needs = {}
    for path, (_, needed) in symbols.items():
        needs[path] = collections.defaultdict(list)
        for name in sorted(needed & owners.keys()):
            if owners[name] != path:
                needs[path][owners[name]].append(name)
    return needs


def reachable(needs, start):
    seen, left = set(), [start]
    while left:
        for path in needs[left.pop()]:
            if path not in seen:
                seen.add(path)
                left.append(path)
    return seen


def cycles_of(needs):
    """Sets of objects of which each needs, directly or not, each other one."""
    reach = {path: reachable(needs, path) for path in needs}
    rings = {frozenset(other for other in reach[path] if path in reach[other]) for path in needs}
    return sorted((sorted(ring) for ring in rings if ring), key=len, reverse=True)


def name_of(path):
    """config/scan.c of .../broker/CMakeFiles/broker.dir/config/scan.c.o"""
    return os.path.normpath(path.split(".dir" + os.sep)[-1].removesuffix(".o"))


def report(folder, needs, ring):
    print(f"{folder}: {len(ring)} objects need each other: {', '.join(map(name_of, ring))}")
    for path in ring:
        for other in ring:
            if other in needs[path]:
                print(f"  {name_of(path)} needs {name_of(other)} for {', '.join(needs[path][other])}")


def main():
    folders = collections.defaultdict(list)
    with open(sys.argv[1], encoding="utf-8") as file:
        for line in file:
            folder, path = line.rstrip("\n").split(" ", 1)
            folders[folder].append(path)
    faults = 0
    for folder, objects in folders.items():
        needs = needs_of(objects)
        for ring in cycles_of(needs):
            report(folder, needs, ring)
            faults += 1
        print(f"{folder}: {len(objects)} objects")
    sys.exit(1 if faults or not folders else 0)


if __name__ == "__main__":
    main()
