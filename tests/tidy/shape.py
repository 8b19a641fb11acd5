"""Sizes, names and places of files."""
import posixpath
import re

from tree import code, is_cpp, line_of

MOST_LINES = 500
MOST_FUNCTION_LINES = 70
NAMELESS = re.compile(r"(?:^|[_\-.])(?:util(?:s|ity|ities)?|helpers?|managers?|misc|common|base_class)(?:[_\-.]|$)")


def check_file_length(tree):
    """A source file has at most 500 lines."""
    return [f"{path}: {text.count(chr(10))} lines, {MOST_LINES} at most" for path, text in tree.items()
            if path.endswith((".h", ".cc", ".py", ".sh")) and text.count("\n") > MOST_LINES]


def functions(text):
    """(first line, last line, signature) of every function body of a C++ file, lambdas inside one counted with it.

    Braces are followed through scopes (namespace, class, ...); the first other brace whose head has a parameter list opens a function. A head goes
    on behind a brace that a comma or another brace follows: a constructor's `: a_{1}, b_{2} {`.
    """
    bare = re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", lambda m: re.sub(r"[^\n]", " ", m.group()), code(text), flags=re.M)
    scopes, head, index, found = 0, 0, 0, []
    while index < len(bare):
        char = bare[index]
        if char == ";":
            head = index + 1
        elif char == "}":
            scopes, head = max(0, scopes - 1), index + 1
        elif char == "{":
            signature = bare[head:index]
            if is_scope(signature):
                scopes, head = scopes + 1, index + 1
            else:
                end = closing(bare, index)
                behind = bare[end + 1:].lstrip()[:1]
                if behind in (",", "{"):  # the member initialisers of a constructor; its body comes
                    index = end + 1
                    continue
                if "(" in signature:
                    first = head + len(signature) - len(signature.lstrip())
                    found.append((line_of(bare, first), line_of(bare, end), " ".join(signature.split())))
                index = end
                head = end + 1
        index += 1
    return found


def is_scope(signature):
    words = re.sub(r"template\s*<.*>|\[\[.*?\]\]|alignas\s*\(.*?\)", " ", signature, flags=re.S).strip()
    words = re.sub(r"^(?:public|private|protected)\s*:", " ", words).strip()
    return bool(re.match(r'(?:inline\s+)?namespace\b|(?:class|struct|union|enum)\b(?!.*\)\s*(?:const|noexcept|->|$))|extern\s+"', words, re.S))


def closing(bare, start):
    depth = 0
    for index in range(start, len(bare)):
        depth += {"{": 1, "}": -1}.get(bare[index], 0)
        if depth == 0:
            return index
    return len(bare) - 1


def check_function_length(tree):
    """A function has at most 70 lines, from its signature to its closing brace."""
    return [f"{path}:{first}: {last - first + 1} lines, {MOST_FUNCTION_LINES} at most: {signature[:80]}"
            for path, text in tree.items() if is_cpp(path)
            for first, last, signature in functions(text) if last - first + 1 > MOST_FUNCTION_LINES]


def check_names(tree):
    """File names are nouns of the field, in snake_case; none says only that its content was put somewhere."""
    wrong = []
    for path in tree:
        for part in path.split("/"):
            if NAMELESS.search(part.rsplit(".", 1)[0]):
                wrong.append(f"{path}: {part} says nothing of what is in it")
        if is_cpp(path) and not re.fullmatch(r"[a-z0-9_]+\.(?:h|cc)", posixpath.basename(path)):
            wrong.append(f"{path}: C++ files are named in snake_case, .h and .cc")
    return wrong


def registered(tree, folder):
    """Whether tests/CMakeLists.txt makes a binary of tests/<folder>/*_test.cc."""
    return re.search(rf"^headroom_test\({re.escape(folder)}\b", tree.get("tests/CMakeLists.txt", ""), re.M) is not None


def check_tests_run(tree):
    """Every test is part of the build: *_test.cc by its folder, *_test.py and other C++ by name or glob in a CMakeLists.txt."""
    wrong = []
    for path, text in tree.items():
        parts = path.split("/")
        if parts[0] != "tests" or not path.endswith(("_test.cc", "_test.py", "_fuzz.cc")):
            continue
        own = tree.get(posixpath.dirname(path) + "/CMakeLists.txt", "")
        name, suffix = parts[-1], "*" + path[path.rindex("_"):]
        if path.endswith("_test.cc") and len(parts) == 3 and registered(tree, parts[1]):
            continue
        if name in own or suffix in own or path[len("tests/"):] in tree.get("tests/CMakeLists.txt", ""):
            continue
        wrong.append(f"{path}: run by no CMakeLists.txt")
    return wrong


def check_folders_tested(tree):
    """Every folder of src/ with code, and topologies, has tests."""
    folders = {path.split("/")[1]: posixpath.dirname(path) for path in tree if path.startswith("src/") and path.endswith(".cc") and path.count("/") == 2}
    if any(path.startswith("topologies/") and path.endswith(".cc") for path in tree):
        folders["topologies"] = "topologies"
    return [f"{place}: no tests/{folder}/*_test.cc" for folder, place in sorted(folders.items())
            if not any(path.startswith(f"tests/{folder}/") and path.endswith("_test.cc") for path in tree)]


def check_sources_built(tree):
    """Every .cc under src/ lies where CMake's glob finds it or is named in CMakeLists.txt."""
    named = tree["CMakeLists.txt"]
    return [f"{path}: built by no CMakeLists.txt" for path in tree
            if path.startswith(("src/", "topologies/")) and path.endswith(".cc") and path not in named
            and not re.search(rf"^headroom_library\(\w+ {re.escape(posixpath.dirname(path))}[ )]", named, re.M)]


LINK = re.compile(r"\[[^\]\n]*\]\((?P<to>[^)\s]+)\)")
TICKED = re.compile(r"`(?:\./)?(?P<path>(?:ops|bench|config|include|src|tests|topologies|docs)/[\w./\-]+\.\w+|(?:ops|bench|\.ci)/[\w/\-]+)(?=[` ])")


def check_documents(tree):
    """README.md and ARCHITECTURE.md exist; what they link to and the files that they name exist too."""
    wrong = [f"{name}: missing" for name in ("README.md", "ARCHITECTURE.md") if name not in tree]
    folders = {posixpath.dirname(path) for path in tree}
    folders |= {posixpath.dirname(folder) for folder in folders}
    for path, text in tree.items():
        if not path.endswith(".md"):
            continue
        fenced = re.sub(r"^```.*?^```", lambda m: "\n" * m.group().count("\n"), text, flags=re.M | re.S)
        for match in LINK.finditer(fenced):
            to = match.group("to").split("#")[0]
            target = posixpath.normpath(posixpath.join(posixpath.dirname(path), to)) if to else path
            if not re.match(r"[a-z]+:", match.group("to")) and target not in tree and target not in folders:
                wrong.append(f"{path}:{line_of(fenced, match.start())}: link to {to}, which does not exist")
            anchor = match.group("to").partition("#")[2]
            if anchor and target in tree and anchor not in anchors(tree[target]):
                wrong.append(f"{path}:{line_of(fenced, match.start())}: no heading #{anchor} in {target}")
        for match in TICKED.finditer(text):
            named = match.group("path").rstrip("/.")
            if named not in tree and named not in folders and named + ".cc" not in tree:
                wrong.append(f"{path}:{line_of(text, match.start())}: names {named}, which does not exist")
    return wrong


def anchors(markdown):
    """The anchors that a renderer makes of a document's headings."""
    return {re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-") for heading in re.findall(r"^#+ +(.*)$", markdown, re.M)}
