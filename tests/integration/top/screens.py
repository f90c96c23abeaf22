"""`tapedeck top` at pseudo-terminals of several sizes, held to golden screens.

usage: screens.py TAPEDECK WRITE_SAMPLES    compare with the *.screen files beside this one
       screens.py -u TAPEDECK WRITE_SAMPLES refresh them

A golden screen is the text of the terminal, with "> " before the selected line. Exit status 77: there is no pyte."""
import os
import subprocess
import sys
import tempfile

try:
    from terminal import Terminal
except ImportError:
    print("python3-pyte is missing")
    sys.exit(77)

UP, DOWN, ENTER, ESCAPE = "\x1b[A", "\x1b[B", "\r", "\x1b"
# Each: arguments, rows, columns, and after each of the keys the name of the screen.
STORIES = [
    (["busy"], 24, 80, {}, [
        ("", "subjects-80"),
        ("\x1b[B\x1bOB", "third-row"),  # keys pressed quickly all count
        (">", "sorted-by-bytes"),
        ("r", "reversed"),
        ("f", "folded"),
        ("f", "reversed"),
        ("2", "clients-80"),
        ("3", "latency-80"),
        ("4", "unanswered-80"),
        (ENTER, "unanswered-request"),
        (ENTER, "whole-request"),
        (ESCAPE, "unanswered-request"),
        (ESCAPE, "unanswered-80"),
        ("5", "dropped-80"),
        ("6", "connections-80"),
        ("1/prices.*", "filter-typed"),
        (ENTER, "filtered"),
        (ENTER, "messages-80"),
        (UP + UP, "messages-two-up"),
        (ESCAPE, "filtered"),
        ("/tick" + ENTER, "filtered-by-text"),
        (ESCAPE + "?", "help-80"),
        ("x ", "paused"),
    ]),
    (["busy", "--view", "latency", "--sort", "max"], 40, 120, {}, [
        ("", "latency-120"),
        ("2", "clients-120"),
        ("6", "connections-120"),
        ("1" + ENTER, "messages-120"),
    ]),
    (["busy"], 9, 40, {}, [("", "subjects-40x9")]),
    (["busy"], 3, 12, {}, [("", "subjects-12x3")]),
    (["busy"], 24, 80, {"TERM": "vt100", "NO_COLOR": "1"}, [("", "subjects-80")]),
    (["hostile"], 24, 80, {}, [("", "hostile"), (ENTER, "hostile-messages"), (ENTER, "hostile-message")]),
]


def golden_path(name):
    return os.path.join(os.path.dirname(os.path.abspath(__file__)), name + ".screen")


def check_screen(terminal, name, refresh):
    path = golden_path(name)
    if refresh:
        with open(path, "w", encoding="utf-8") as file:
            file.write(terminal.settle())
        return
    with open(path, encoding="utf-8") as file:
        expected = file.read()
    terminal.await_text(lambda text: text == expected, f"{name}.screen is\n{expected}")


def tell(tapedeck, args, rows, columns, environment, steps, refresh):
    terminal = Terminal([tapedeck, "top", "--utc"] + args, rows, columns, **environment)
    try:
        for keys, name in steps:
            terminal.press(keys)
            check_screen(terminal, name, refresh)
        terminal.press("q")
        assert terminal.await_end() == 0
        assert terminal.is_restored(), "the terminal is not restored"
        if "NO_COLOR" in environment:
            assert b"\x1b[3" not in terminal.output, "there is colour in spite of NO_COLOR"
    finally:
        terminal.close()


def main(args):
    refresh = args[:1] == ["-u"]
    tapedeck, write_samples = map(os.path.abspath, args[-2:])
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        subprocess.run([write_samples], check=True)
        for story in STORIES:
            tell(tapedeck, *story, refresh)


if __name__ == "__main__":
    main(sys.argv[1:])
