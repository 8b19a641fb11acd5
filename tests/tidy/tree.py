"""The project's files as a dictionary, so that a check runs the same over the checkout and over a sample in its own test."""
import re
from pathlib import Path

FOLDERS = ("bench", "config", "docs", "include", "ops", "src", "tests", "topologies", ".ci")
TEXTS = (".h", ".cc", ".py", ".sh", ".md", ".txt", ".cmake", ".json", ".yaml", ".yml", ".service", ".cpp", ".java", ".xml", ".dict", ".case")
SUFFIXLESS = ("Dockerfile", "run", ".clang-format", ".clang-tidy", ".gitignore")


def read_tree(root):
    """{path: text} of every text file of the project, paths relative to `root` and with forward slashes."""
    tree = {}
    for path in sorted(root.iterdir()):
        if path.is_file() and wanted(path):
            tree[path.name] = path.read_text(encoding="utf-8")
    for folder in FOLDERS:
        for path in sorted((root / folder).rglob("*")):
            if path.is_file() and wanted(path) and "__pycache__" not in path.parts and "corpus" not in path.parts:
                tree[path.relative_to(root).as_posix()] = path.read_text(encoding="utf-8", errors="replace")
    return tree


def wanted(path):
    return path.suffix in TEXTS or path.name in SUFFIXLESS


def is_cpp(path):
    return path.endswith((".h", ".cc"))


def folder_of(path):
    """The library that a file belongs to: `engine` for src/engine/task.h, `topologies`, `tests`, ...; '' for the root."""
    parts = Path(path).parts
    if parts[0] == "src" and len(parts) > 2:
        return parts[1]
    return parts[0] if len(parts) > 1 else ""


TOKENS = re.compile(
    r'(?P<raw>R"(?P<mark>[^()\\\s]{0,16})\(.*?\)(?P=mark)")|(?P<line>//[^\n]*)|(?P<block>/\*.*?\*/)'
    r'|(?P<string>"(?:\\.|[^"\\\n])*")|(?P<char>\'(?:\\.|[^\'\\\n])+\')|(?P<digits>(?<=\d)\'(?=\d))',
    re.S)


def code(text):
    """`text` with comments and the insides of strings blanked; every character stays on its line."""
    def blank(match):
        if match.lastgroup in ("digits",) or match.group("digits"):
            return match.group()
        if match.group("line") or match.group("block"):
            return re.sub(r"[^\n]", " ", match.group())
        kept = match.group()
        return kept[0] + re.sub(r"[^\n]", " ", kept[1:-1]) + kept[-1]

    # A digit separator (10'000) is no character literal: taken out before, put back as a blank.
    return TOKENS.sub(blank, re.sub(r"(?<=[0-9a-fA-F])'(?=[0-9a-fA-F])", " ", text))


def line_of(text, position):
    return text.count("\n", 0, position) + 1


ALLOW = re.compile(r"tidy-allow\((?P<rule>[a-z-]+)\): *(?P<reason>\S.*)?")


def allowed(text, line, rule):
    """Whether the line, or the one before it, says why the rule may be broken there: tidy-allow(rule): reason."""
    lines = text.splitlines()
    for index in (line - 1, line - 2):
        if 0 <= index < len(lines):
            found = ALLOW.search(lines[index])
            if found and found.group("rule") == rule and found.group("reason"):
                return True
    return False
