"""Install into a folder, and try what was installed: man pages, completions, and help.

  check.py BUILD WRITE_SAMPLES"""

import os
import re
import shutil
import subprocess
import sys
import tempfile

import shells

# A line, its last word incomplete, and what is offered among other things.
LINES = [
    (["tapedeck", "ca"], {"cat"}),
    (["tapedeck", "cat", "--col"], {"--color"}),
    (["tapedeck", "cat", "--color", ""], {"auto", "always", "never"}),
    (["tapedeck", "cat", "log", "--kind", "m"], {"message", "mark"}),
    (["tapedeck", "cat", "log", "--client", "che"], {"checkout"}),
    (["tapedeck", "stat", "lo"], {"log"}),
    (["tapedeck", "stat", "log", "orders."], {"orders.new", "orders.eu.new"}),
    (["tapedeck", "broker", "--record-overflow", ""], {"wait", "drop"}),
    (["tapedeck", "help", "ver"], {"verify"}),
    (["tapedeck", "help", "fi"], {"fields", "filters"}),
]


def run(*command, **options):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, **options)


def expect(condition, text):
    if not condition:
        raise AssertionError(text)


def commands_of(program):
    listing = run(program, "--help").stdout
    return re.findall(r"^  ([a-z]+) ", listing.split("\nTopics")[0], re.MULTILINE)


def topics_of(program):
    listing = run(program, "--help").stdout
    return re.findall(r"^  ([a-z]+) ", listing.split("\nTopics")[1], re.MULTILINE)


def check_help(program):
    """The ways of asking agree; every command has them (unit/cli_options), in 80 columns (unit/cli_manual)."""
    text = run(program, "verify", "-h").stdout
    expect(text.startswith("Usage: tapedeck verify"), text)
    expect(run(program, "help", "verify").stdout == text, "help differs from -h")
    for topic in topics_of(program):
        lines = run(program, "help", topic).stdout.splitlines()
        expect(len(lines) > 10 and max(map(len, lines)) <= 80, f"help {topic}: no text, or wider than 80 columns")


def check_manual(program, man):
    pages = [os.path.join(man, section, name) for section in ("man1", "man5")
             for name in os.listdir(os.path.join(man, section))]
    wanted = {"tapedeck.1", "tapedeck-log.5"} | {f"tapedeck-{name}.1" for name in commands_of(program)}
    expect(wanted == {os.path.basename(page) for page in pages}, f"pages: {sorted(pages)}")
    expect(run(program, "help", "--man", "cat").stdout.splitlines()[1:] ==
           open(os.path.join(man, "man1", "tapedeck-cat.1"), encoding="utf-8").read().splitlines()[1:],
           "help --man prints another page than the one that is installed")
    if not shutil.which("mandoc"):
        print("no mandoc: the pages are not checked")
        return
    lint = run("mandoc", "-Tlint", *pages)
    expect(lint.returncode == 0 and not lint.stdout, lint.stdout)


def check_completion(shell, program, script, folder):
    found = getattr(shells, shell)(program, script, folder, [words for words, _ in LINES])
    if found is None:
        print(f"no {shell}: its completion is not tried")
        return
    for (words, wanted), offered in zip(LINES, found):
        prefix = words[-1]
        offered = {candidate.rstrip("/") for candidate in offered}
        expect(wanted <= offered, f"{shell}: {words}: {sorted(offered)}")
        expect(all(candidate.startswith(prefix) for candidate in offered), f"{shell}: {words}: {sorted(offered)}")


def main():
    build, write_samples = sys.argv[1:]
    with tempfile.TemporaryDirectory() as root:
        samples = os.path.join(root, "samples")
        os.mkdir(samples)
        installed = run("cmake", "--install", build, "--prefix", "/usr",
                        env={**os.environ, "DESTDIR": root})
        expect(installed.returncode == 0, installed.stdout)
        expect(run(write_samples, cwd=samples).returncode == 0, "write_samples")
        usr = os.path.join(root, "usr")
        share = os.path.join(usr, "share")
        program = os.path.join(usr, "bin", "tapedeck")
        check_help(program)
        check_manual(program, os.path.join(share, "man"))
        for shell, script in (("bash", "bash-completion/completions/tapedeck"),
                              ("zsh", "zsh/site-functions/_tapedeck"),
                              ("fish", "fish/vendor_completions.d/tapedeck.fish")):
            check_completion(shell, program, os.path.join(share, script), samples)


if __name__ == "__main__":
    main()
