"""cycles.py finds a cycle of three objects, names them and the symbols, and accepts objects without one.

  cycles_check.py COMPILER"""

import os
import subprocess
import sys
import tempfile

SOURCES = {
    "one": "int two(void); int one(void); int one(void) { return two(); }",
    "two": "int three(void); int two(void); int two(void) { return three(); }",
    "three": "int one(void); int three(void); int three(void) { return one(); }",
    "base": "int base(void); int base(void) { return 0; }",
    "above": "int base(void); int above(void); int above(void) { return base(); }",
}


def compile_objects(folder):
    for name, text in SOURCES.items():
        source = os.path.join(folder, name + ".c")
        with open(source, "w", encoding="utf-8") as file:
            file.write(text + "\n")
        subprocess.run([sys.argv[1], "-c", source, "-o", os.path.join(folder, name + ".c.o")], check=True)


def run(folder, names):
    path = os.path.join(folder, "list")
    with open(path, "w", encoding="utf-8") as file:
        file.writelines(f"room {os.path.join(folder, name)}.c.o\n" for name in names)
    script = os.path.join(os.path.dirname(__file__), "cycles.py")
    return subprocess.run([sys.executable, script, path], stdout=subprocess.PIPE, text=True, check=False)


def expect(condition, claim):
    if not condition:
        raise SystemExit(f"not so: {claim}")


def main():
    with tempfile.TemporaryDirectory(prefix="tapedeck-cycles-") as folder:
        compile_objects(folder)
        expect(run(folder, ["base", "above"]).returncode == 0, "objects without a cycle pass")
        found = run(folder, SOURCES)
        expect(found.returncode == 1, "a cycle fails")
        expect("3 objects need each other" in found.stdout, f"the cycle has three members: {found.stdout}")
        expect("one.c needs" in found.stdout and "two.c for two" in found.stdout, f"symbols: {found.stdout}")
        expect("above" not in found.stdout, "an object above a cycle is no part of it")


if __name__ == "__main__":
    main()
