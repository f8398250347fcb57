"""What the code must not call, and what release programs must be hardened with."""
import os
import re
import subprocess
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
BIN = Path(os.environ.get("TEST_BIN_DIR", ROOT / "build" / "release" / "bin"))
PRODUCT = ("server", "client", "proto")

BANNED = {
    "write without a bound": "strcpy strcat stpcpy strncat sprintf vsprintf gets alloca",
    "may leave a text without its end": "strncpy",
    "can't tell a failure": "atoi atol atoll atof",
    "run a shell": "system popen wordexp",
    "predictable file names": "mktemp tmpnam tempnam",
    "not safe with threads": "strtok gmtime localtime ctime asctime gethostbyname inet_ntoa",
    "predictable numbers": "rand srand random srandom drand48",
}
NOT_CODE = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.DOTALL)


def code_of(text):
    """The text without comments and literals, with its lines."""
    return NOT_CODE.sub(lambda found: "\n" * found.group().count("\n"), text)


class BannedCalls(unittest.TestCase):
    def find(self, text):
        words = "|".join(word for words in BANNED.values() for word in words.split())
        return [(code_of(text)[:found.start()].count("\n") + 1, found.group(1))
                for found in re.finditer(rf"(?<![\w.>])({words})\s*\(", code_of(text))]

    def test_the_product_calls_none(self):
        files = [file for folder in PRODUCT for file in sorted((ROOT / folder).rglob("*.[ch]"))]
        self.assertGreater(len(files), 100)
        self.assertEqual([f"{file.relative_to(ROOT)}:{line}: {word}" for file in files
                          for line, word in self.find(file.read_text())], [])

    def test_they_would_be_found(self):
        self.assertEqual(self.find('int f(void)\n{\n\treturn /* "\n*/ atoi (s) + system("x");\n}\n'),
                         [(4, "atoi"), (4, "system")])
        self.assertEqual(self.find('/* strcpy(a, b) */ log("system(x)"); x_system(1); p->rand(2); snprintf(a, 1, "");'), [])


def is_hardened(folder):
    cache = folder.parent / "CMakeCache.txt"
    return cache.exists() and "DOMAINFLOW_HARDEN:BOOL=ON" in cache.read_text()


def readelf(file, *options):
    return subprocess.run(["readelf", "-W", *options, str(file)], capture_output=True, text=True, check=True).stdout


@unittest.skipUnless(is_hardened(BIN), "these programs are no release build")
class Hardening(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.programs = [BIN / "domainflowd", BIN / "dfctl"]
        cls.all = [*cls.programs, next((BIN.parent / "client" / "lib").glob("libdomainflow.so.*.*"))]

    def test_programs_load_anywhere(self):
        for file in self.programs:
            self.assertRegex(readelf(file, "-h"), r"Type: +DYN", file.name)
            self.assertRegex(readelf(file, "-d"), r"\(FLAGS_1\).* PIE", file.name)

    def test_what_the_linker_filled_in_is_read_only(self):
        for file in self.all:
            self.assertIn("GNU_RELRO", readelf(file, "-l"), file.name)
            self.assertRegex(readelf(file, "-d"), r"\(FLAGS_1\).* NOW", file.name)

    def test_nothing_is_writable_and_executable(self):
        for file in self.all:
            flags = re.findall(r"^ +(\w+) +(?:0x\w+ +){5}([RWE ]{3}) ", readelf(file, "-l"), re.MULTILINE)
            self.assertIn(("GNU_STACK", "RW "), flags, file.name)
            self.assertEqual([name for name, flag in flags if "W" in flag and "E" in flag], [], file.name)

    def test_stacks_and_buffers_are_checked(self):
        for file in self.all:
            self.assertIn("__stack_chk_fail", readelf(file, "--dyn-syms"), file.name)
            self.assertIn("__snprintf_chk", readelf(file, "--dyn-syms"), file.name)

    def test_no_search_path_is_built_in(self):
        for file in self.all:
            self.assertNotRegex(readelf(file, "-d"), r"\((RPATH|RUNPATH)\)", file.name)


if __name__ == "__main__":
    unittest.main()
