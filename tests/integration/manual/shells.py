"""Ask bash, zsh and fish for completions: what a user would be offered after typing a line and pressing Tab.

Each function takes the program, the shell's script, the folder to be in, and lines: lists of words, of which the last is
incomplete. It returns a set of candidates for each line, or None when there is no such shell."""

import os
import pty
import re
import select
import shlex
import shutil
import signal
import subprocess
import time

BASH = """source "$1"; COMP_WORDS=("${@:2}"); COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
_tapedeck && printf '%s\\n' "${COMPREPLY[@]}" """


def environment(program):
    folder = os.path.dirname(program)
    return {**os.environ, "PATH": folder + ":" + os.environ["PATH"], "TERM": "dumb", "HOME": "/nonexistent"}


def run(command, folder, env):
    return subprocess.run(command, cwd=folder, env=env, stdout=subprocess.PIPE, text=True, check=True).stdout


def bash(program, script, folder, lines):
    env = environment(program)
    return [set(run(["bash", "--norc", "-c", BASH, "bash", script, *words], folder, env).splitlines()) - {""}
            for words in lines]


def typed(words):
    return " ".join(shlex.quote(word) if word else "" for word in words)


def fish(program, script, folder, lines):
    if not shutil.which("fish"):
        return None
    # fish wants a place for its history
    env = {**environment(program), "HOME": folder, "XDG_CONFIG_HOME": folder, "XDG_DATA_HOME": folder}
    ask = "".join(f"complete -C {shlex.quote(typed(words))}; echo END; " for words in lines)
    output = run(["fish", "--no-config", "-c", f"source {shlex.quote(script)}; {ask}"], folder, env)
    return [{line.split("\t")[0] for line in answer.splitlines()} - {""} for answer in output.split("END\n")[:-1]]


# Driven through a pseudo-terminal: zsh completes only while a line is edited. compadd also writes its candidates down.
ZSH = r"""
autoload -Uz compinit; compinit -D -C
compadd() {
  local -a _offered
  builtin compadd -O _offered "$@"
  print -rl -- $_offered >> $ANSWER
  builtin compadd "$@"
}
ask() { zle complete-word; print -r -- END >> $ANSWER }
zle -N ask; bindkey '^I' ask
PS1='READY '
"""


def read_until(terminal, wanted, deadline):
    text = b""
    while wanted not in text:
        if time.monotonic() > deadline:
            raise AssertionError(f"zsh does not start: {text!r}")
        if select.select([terminal], [], [], 0.1)[0]:
            text += os.read(terminal, 65536)


def wait_for_answer(path, number, deadline):
    """The candidates of line `number`, once all are there."""
    while time.monotonic() < deadline:
        with open(path, encoding="utf-8") as file:
            answers = file.read().split("END\n")
        if len(answers) > number + 1:
            return {re.sub(r"=$", "", line) for line in answers[number].splitlines()} - {""}
        time.sleep(0.01)
    raise AssertionError("zsh does not answer")


def converse(terminal, folder, answer, lines):
    deadline = time.monotonic() + 60
    setup = os.path.join(folder, "zsh.setup")
    with open(setup, "w", encoding="utf-8") as file:
        file.write("fpath=($FPATH_OF_OURS $fpath)\n" + ZSH)
    os.write(terminal, f" source {setup}\n".encode())
    read_until(terminal, b"READY ", deadline)
    found = []
    for words in lines:
        os.write(terminal, typed(words).encode() + b"\t")
        found.append(wait_for_answer(answer, len(found), deadline))
        os.write(terminal, b"\x15")  # ^U: an empty line
    return found


def zsh(program, script, folder, lines):
    if not shutil.which("zsh"):
        return None
    answer = os.path.join(folder, "zsh.answer")
    open(answer, "w", encoding="utf-8").close()
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(folder)
        os.environ.update(environment(program), ANSWER=answer, FPATH_OF_OURS=os.path.dirname(script))
        os.execvp("zsh", ["zsh", "-f", "-i"])
    try:
        return converse(terminal, folder, answer, lines)
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        os.close(terminal)
