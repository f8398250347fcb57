"""dfctl's completion in the shells themselves, and its manual page in the programs that read manual pages."""
import os
import pty
import re
import select
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

from stack import BIN

ANSWER_SECONDS = 30
ENVIRONMENT = {**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}", "LC_ALL": "C.UTF-8", "TERM": "xterm"}

BASH = """
source <(dfctl completion bash)
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=()
_dfctl
printf '%s\\n' "${COMPREPLY[@]}"
"""
FISH = 'dfctl completion fish | source; complete -C "$argv[1]"'


def output(*command):
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=ENVIRONMENT, timeout=ANSWER_SECONDS)
    assert not done.stderr, done.stderr
    return done.stdout


class Completion(unittest.TestCase):
    def test_bash_completes(self):
        def completed(*words):
            return sorted(output("bash", "--norc", "-c", BASH, "bash", *words).split())
        self.assertEqual(completed("dfctl", "campaign", "wa"), ["wait", "watch"])
        self.assertEqual(completed("dfctl", "campaign", "watch", "ID", "--until", "=", "d"), ["dns"])
        self.assertEqual(completed("dfctl", "domain", "list", "ID", "--dns-status", ""), ["error", "ok", "pending", "timeout"])
        with tempfile.TemporaryDirectory() as folder:
            name = Path(folder, "a name.json")
            name.touch()
            self.assertEqual(output("bash", "--norc", "-c", BASH, "bash", "dfctl", "campaign", "create", "-f",
                                    str(name)[:-6]).strip(), str(name))

    def test_fish_completes(self):
        def completed(line):
            return dict(re.split(r"\t|$", found, maxsplit=1)[:2]
                        for found in output("fish", "--no-config", "-c", FISH, line).splitlines())
        self.assertEqual(completed("dfctl campaign wa")["watch"], "follow a campaign live")
        self.assertEqual(list(completed("dfctl campaign watch ID --until=d")), ["--until=dns"])
        self.assertEqual(sorted(completed("dfctl campaign mode ID ")), ["full_sequence", "step_by_step"])
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, "mine.json").touch()
            self.assertEqual(list(completed(f"dfctl campaign create -f {folder}/mi")), [f"{folder}/mine.json"])

    def test_zsh_completes(self):
        """zsh completes only at a prompt: one is opened on a terminal, and the line it has made is read back."""
        def completed(line):
            with tempfile.TemporaryDirectory() as folder:
                Path(folder, ".zshrc").write_text(
                    "PS1='ready> '\nautoload -Uz compinit && compinit -u -D\nsource <(dfctl completion zsh)\n"
                    "said() { print -r -- \"<$BUFFER>\" > $ZDOTDIR/said; exit }\nzle -N said\nbindkey '^X' said\n")
                ours, theirs = pty.openpty()
                shell = subprocess.Popen(["zsh", "-d", "-i"], stdin=theirs, stdout=theirs, stderr=theirs,
                                         start_new_session=True, env={**ENVIRONMENT, "ZDOTDIR": folder}, cwd=folder)
                os.close(theirs)
                try:
                    shown, end = b"", time.monotonic() + ANSWER_SECONDS
                    while b"ready> " not in shown and time.monotonic() < end:
                        if select.select([ours], [], [], 1)[0]:
                            shown += os.read(ours, 65536)
                    os.write(ours, f"{line}\t\x18".encode())
                    while shell.poll() is None and time.monotonic() < end:
                        if select.select([ours], [], [], 1)[0]:
                            try:
                                shown += os.read(ours, 65536)
                            except OSError:  # nobody holds the other end any more
                                break
                    shell.wait(ANSWER_SECONDS)
                finally:
                    shell.kill()
                    shell.wait()
                    os.close(ours)
                return Path(folder, "said").read_text().strip("<>\n").rstrip()
        self.assertEqual(completed("dfctl campaign exec"), "dfctl campaign executions")
        self.assertEqual(completed("dfctl campaign watch ID --until=d"), "dfctl campaign watch ID --until=dns")
        self.assertEqual(completed("dfctl campaign mode ID full"), "dfctl campaign mode ID full_sequence")
        self.assertEqual(completed("dfctl campaign create -f .zsh"), "dfctl campaign create -f .zshrc")


class Manual(unittest.TestCase):
    def setUp(self):
        page = tempfile.NamedTemporaryFile("w", suffix=".1")
        self.addCleanup(page.close)
        page.write(output("dfctl", "man"))
        page.flush()
        self.page = page.name

    def test_mandoc_finds_nothing_to_say(self):
        done = subprocess.run(["mandoc", "-T", "lint", "-W", "style", self.page], capture_output=True, text=True)
        self.assertEqual((done.stdout + done.stderr).replace(self.page, ""), "")

    def test_man_shows_it(self):
        text = output("man", "--warnings", "-l", self.page)
        self.assertIn("campaign wait ID", re.sub(r".\x08", "", text))


if __name__ == "__main__":
    unittest.main()
