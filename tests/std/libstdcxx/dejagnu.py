"""What a test of GCC's suite says about itself in its `{ dg-... }` comments: dejagnu's words, as far as
libstdc++'s tests of run-time behaviour use them.

A directive is a Tcl list: words, quoted strings, and lists in braces. Its last element may be
`{ target SELECTOR }`, which says where it holds.
"""
import fnmatch
import re

TRIPLET = "x86_64-pc-linux-gnu"
DEFAULT_STANDARD = 17  # g++ 12's
# True of g++ on Linux, and so of what we compile for.
EFFECTIVE_TARGETS = {"pthread", "gthreads", "static", "lp64"}
TOKEN = re.compile(r'\s*(?:([{}])|"((?:\\.|[^"\\])*)"|([^\s{}"]+))')


def tcl_list(text):
    """Parses the words of one list, up to its closing brace: ([elements], rest)."""
    out = []
    while match := TOKEN.match(text):
        text = text[match.end():]
        if match[1] == "}":
            break
        if match[1] == "{":
            inner, text = tcl_list(text)
            out.append(inner)
        else:
            out.append(match[2] if match[2] is not None else match[3])
    return out, text


def directives(source):
    """Yields (name, arguments) of each directive of a test's source."""
    for match in re.finditer(r"\{\s*(dg-[a-z-]+)", source):
        words, _ = tcl_list(source[match.end():].split("\n", 1)[0])
        yield match[1], words


def standard_of(options):
    """The year of the language that the compiler options choose."""
    standard = DEFAULT_STANDARD
    for option in options:
        if match := re.fullmatch(r"-std=(?:gnu|c)\+\+(\w+)", option):
            name = match[1]
            standard = {"2a": 20, "2b": 23, "0x": 11, "1y": 14, "1z": 17}.get(name) or int(name)
    return standard


def holds(selector, standard):
    """Whether a target selector is true: a word, or an expression of words, `!`, `&&` and `||`."""
    if isinstance(selector, str):
        if match := re.fullmatch(r"c\+\+(\w+?)(_only)?", selector):
            wanted = standard_of(["-std=c++" + match[1]])
            return standard == wanted if match[2] else standard % 98 >= wanted % 98
        if selector.count("-") >= 2:
            return fnmatch.fnmatch(TRIPLET, selector)
        return selector in EFFECTIVE_TARGETS
    for operator, of in (("||", any), ("&&", all)):
        if operator in selector:
            at = selector.index(operator)
            return of((holds(selector[:at], standard), holds(selector[at + 1:], standard)))
    if selector and selector[0] == "!":
        return not holds(selector[1:], standard)
    return any(holds(word, standard) for word in selector)  # several triplets


class Test:
    """One source: what is done with it (`run`, `compile`, ...), by which options; or why it is left out."""

    def __init__(self, source):
        found = list(directives(source))
        self.options = []
        self.action = "run"  # what the suite does with a test that does not say
        self.skipped = ""
        for name, words in found:
            if name == "dg-options":
                self.options = words[0].split() if self._applies(words[1:]) else self.options
        for name, words in found:
            if name == "dg-additional-options" and self._applies(words[1:]):
                self.options += words[0].split()
        self.standard = standard_of(self.options)
        for name, words in found:
            self._obey(name, words)

    def _applies(self, words):
        """Whether a `{ target ... }` at the end of a directive, if there is one, is true."""
        return all(holds(word[1:], standard_of(self.options)) for word in words if word[:1] == ["target"])

    def _obey(self, name, words):
        if name == "dg-do":
            self.action = words[0]
            if not self._applies(words[1:]):
                self.skipped = "not for this target"
        elif name == "dg-require-effective-target" and not holds(words[0], self.standard):
            self.skipped = "needs " + words[0]
