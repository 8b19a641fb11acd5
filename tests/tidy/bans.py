"""What the deterministic middle must not do, and what nobody may write."""
import re

from tree import ALLOW, allowed, code, folder_of, is_cpp, line_of

MIDDLE = {"base", "model", "engine", "codec", "config", "forecast", "policy", "operators", "topologies"}
CLOCKS = r"\b(?:system_clock|steady_clock|high_resolution_clock|utc_clock)\b|\b(?:gettimeofday|clock_gettime|timespec_get)\s*\(|\bstd::time\s*\(|\btime\s*\(\s*(?:nullptr|NULL|0)\s*\)"
RANDOM = r"\brandom_device\b|\bs?rand(?:_r|om|om_r)?\s*\(|\b\w+_distribution\s*<|\bgetentropy\s*\(|\bgetrandom\s*\("
ENVIRONMENT = r"\b(?:secure_)?getenv\s*\(|\benviron\b"
# rule, pattern, what to do instead, folders where it holds, files where it does not
BANS = [
    ("clock", CLOCKS, "time comes with the record or through a parameter", MIDDLE, {"src/base/log.cc"}),
    ("random", RANDOM, "chance needs a seed that is kept in state", MIDDLE, set()),
    ("environment", ENVIRONMENT, "settings come from the configuration", MIDDLE - {"config"}, set()),
    ("logging", r'\blog(?:_debug|_info|_warn|_error)?\s*\(\s*(?:LogLevel::|")', "a step says what it has to say in its output or a counter",
     {"model", "forecast", "policy", "operators", "codec"}, set()),
    ("throw", r"\bthrow\b", "return a Status", MIDDLE | {"kafka", "redis", "net", "spot", "http", "worker", "cli"}, set()),
]
SLEEP = r"\b(?:sleep_for|sleep_until|usleep|nanosleep)\b|(?<![\w.])sleep\s*\(|\btime\.sleep\s*\("
UNORDERED = re.compile(r"\b(?:unordered_(?:flat_|node_)?(?:multi)?(?:map|set))\s*<")


def find(tree, rule, pattern, why, wanted):
    wrong = []
    for path, text in tree.items():
        if not wanted(path):
            continue
        for match in re.finditer(pattern, code(text) if is_cpp(path) else text):
            line = line_of(text, match.start())
            if not allowed(text, line, rule):
                wrong.append(f"{path}:{line}: {match.group().strip()}: {why}")
    return wrong


def in_product(path):
    return is_cpp(path) and path.startswith(("src/", "topologies/", "include/headroom/")) and "/testing/" not in path


def check_middle(tree):
    """No clock, chance, environment or throw where decisions are made."""
    wrong = []
    for rule, pattern, why, folders, exempt in BANS:
        def wanted(path):
            folder = "model" if path.startswith("include/") else folder_of(path)
            return in_product(path) and folder in folders and path not in exempt
        wrong += find(tree, rule, pattern, why, wanted)
    return wrong


def unordered_names(text):
    """Names declared in `text` with an unordered container's type (also through `using`)."""
    names, types = set(), []
    for match in UNORDERED.finditer(text):
        depth, end = 1, match.end()
        while end < len(text) and depth:
            depth += {"<": 1, ">": -1}.get(text[end], 0)
            end += 1
        alias = re.search(r"\busing\s+(\w+)\s*=\s*[\w:]*$", text[:match.start()])
        if alias:
            types.append(alias.group(1))
        declared = re.match(r"\s*[&*]?\s*(\w+)\s*[;={,)]", text[end:])
        if declared:
            names.add(declared.group(1))
    for name in types:
        names.update(re.findall(rf"\b{name}\b\s*[&*]?\s*(\w+)\s*[;={{,)]", text))
    return names


def check_unordered(tree):
    """Nothing is taken in the order of a hash map: no iteration of one in the middle unless the order cannot reach an output, said so there."""
    wrong = []
    for path, text in tree.items():
        if not in_product(path) or ("model" if path.startswith("include/") else folder_of(path)) not in MIDDLE:
            continue
        bare = code(text)
        header = tree.get(path[:-3] + ".h", "") if path.endswith(".cc") else ""
        for name in sorted(unordered_names(bare) | unordered_names(code(header))):
            for match in re.finditer(rf"for\s*\([^;()]*:\s*[\w.\->]*\b{name}\s*\)|\b{name}\s*(?:\.|->)\s*c?begin\s*\(", bare):
                line = line_of(text, match.start())
                if not allowed(text, line, "any-order"):
                    wrong.append(f"{path}:{line}: {name} is walked in the order of its hashes; say `tidy-allow(any-order): why` if that cannot reach an output")
    return wrong


def check_sleep(tree):
    """Tests wait for what they wait for, never for time to pass."""
    return find(tree, "sleep", SLEEP, "wait for the event itself with a deadline; a pause that is no synchronisation says `tidy-allow(sleep): why`",
                lambda path: path.startswith(("tests/", "include/headroom/testing/")) and path.endswith((".h", ".cc", ".py"))
                and not path.startswith("tests/tidy/"))


def check_allowances(tree):
    """Every exception names a rule that exists and gives its reason."""
    rules = {ban[0] for ban in BANS} | {"sleep", "any-order"}
    wrong = []
    for path, text in tree.items():
        if path.startswith("tests/tidy/"):
            continue
        for match in ALLOW.finditer(text):
            if match.group("rule") not in rules or not match.group("reason"):
                wrong.append(f"{path}:{line_of(text, match.start())}: {match.group().strip()}: unknown rule or no reason")
    return wrong


UNFINISHED = r"\b(?:TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK)\b"
PLACES = r"/ro" r"ot/|/wo" r"rk/|/ho" r"me/\w|/tm" r"p/\w|/us" r"r/lib/jvm/\w"


def check_words(tree):
    """Nothing is left unfinished in the text, and nothing names the machine that it was written on."""
    named = {"tests/tidy/bans.py", "tests/tidy/tidy_test.py"}
    return (find(tree, "unfinished", UNFINISHED, "an issue is the place for what is left to do", lambda path: path not in named and not is_cpp(path))
            + [f"{path}:{line_of(text, m.start())}: {m.group()}: an issue is the place for what is left to do"
               for path, text in tree.items() if is_cpp(path) for m in re.finditer(UNFINISHED, text)]
            + [f"{path}:{line_of(text, m.start())}: {m.group()}: a place of one machine"
               for path, text in tree.items() if path not in named for m in re.finditer(PLACES, text)])
