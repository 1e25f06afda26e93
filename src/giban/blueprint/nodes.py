"""Text to a tree of nodes that know where they were written.

YAML's own idea of types is not used: a scalar keeps its source text, and `giban.blueprint.decode` reads it by the type
that is expected at its place. That is how `version: 1.10` stays "1.10" and a country `no` stays "no".

The parser is libyaml, asked for events and not for a tree, so that nesting, size and expansion of anchors are bounded
before anything recurses. Whatever the text is, the result is a tree or `Problems`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from msgspec import Struct

from giban.blueprint.paths import Path, path_text
from giban.graph.problems import Position, Problem, Problems

if TYPE_CHECKING:
    from yaml import CSafeLoader
    from yaml.events import AliasEvent, Event, MappingStartEvent, ScalarEvent, SequenceStartEvent

MAX_BYTES = 1_000_000
"""Largest text in bytes. Our own limit: a blueprint is a page; this is several hundred pages."""
MAX_DEPTH = 100
"""Deepest nesting, anchors expanded. Our own limit, far below Python's limit of recursion."""
MAX_NODES = 200_000
"""Most keys and values, anchors expanded. Our own limit; stops anchors that multiply each other."""

MAX_PROBLEMS = 200
"""Problems after which reading stops. Our own limit: nobody reads more."""


class Scalar(Struct, frozen=True):
    """A single value as it was written, without its quotes."""

    text: str
    plain: bool
    """Written without quotes, so it may mean a number, a truth value or nothing."""
    position: Position

    @property
    def is_null(self) -> bool:
        """Whether nothing was written, or YAML's words for nothing."""
        return self.plain and self.text in ("", "~", "null", "Null", "NULL")


class Sequence(Struct, frozen=True):
    """A list."""

    items: tuple[Node, ...]
    position: Position


class Mapping(Struct, frozen=True):
    """Keys and values in the order of the text; each key with the position of the key itself."""

    entries: dict[str, tuple[Position, Node]]
    position: Position


Node = Scalar | Sequence | Mapping


def entry_position(key: Position, node: Node) -> Position:
    """What to point at for an entry: a single value, but the key of a list or mapping (whose text begins a line later)."""
    return node.position if isinstance(node, Scalar) and node.text else key


def parse(source: bytes | str, file: str) -> Node | None:
    """The tree of one YAML document, None when there is nothing but comments. `file` is what positions name.

    Raises Problems: every duplicate key and refused tag at once; of syntax errors there is only ever the first.
    """
    text = _text_of(source, file)
    try:
        from yaml import CSafeLoader
    except ImportError:
        raise Problems(
            [
                Problem(
                    what="PyYAML is installed without its C parser.",
                    fix="Install a wheel of it: pip install --force-reinstall --only-binary :all: PyYAML",
                )
            ]
        ) from None
    from yaml.error import YAMLError

    try:
        return _Builder(file).build(CSafeLoader(text))
    except YAMLError as error:
        from giban.blueprint.syntax import explain

        raise Problems([explain(error, text, file)]) from None


def _text_of(source: bytes | str, file: str) -> str:
    if len(source) > MAX_BYTES:
        raise Problems(
            [
                Problem(
                    what=f"The file has {len(source):,} bytes; more than {MAX_BYTES:,} are not read.",
                    fix="Keep data out of the blueprint; is this the right file?",
                    where=Position(file, 1, 1),
                )
            ]
        )
    try:
        if isinstance(source, str):
            source.encode()  # text from a command line may hold undecodable bytes as lone surrogates
            text = source
        else:
            text = source.decode()
    except UnicodeError as error:
        from giban.blueprint.syntax import explain_encoding

        raise Problems([explain_encoding(error, source, file)]) from None
    return text.removeprefix("\ufeff")


class _Frame:
    """A list or mapping that is being read."""

    __slots__ = ("anchor", "entries", "height", "items", "key", "key_position", "merges", "merging", "position", "size")

    def __init__(self, position: Position, anchor: str | None, *, mapping: bool) -> None:
        self.position = position
        self.anchor = anchor
        self.entries: dict[str, tuple[Position, Node]] | None = {} if mapping else None
        self.items: list[Node] = []
        self.merges: list[Node] = []
        self.merging = False
        self.key: str | None = None
        self.key_position = position
        self.size = 1
        self.height = 1


class _Anchor(Struct, frozen=True):
    node: Node
    size: int
    height: int


class _Builder:
    """Builds the tree from libyaml's events with a stack of its own."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.stack: list[_Frame] = []
        self.anchors: dict[str, _Anchor | None] = {}
        self.problems: list[Problem] = []
        self.root: Node | None = None

    def build(self, parser: CSafeLoader) -> Node | None:
        from yaml.events import (
            AliasEvent,
            DocumentStartEvent,
            MappingEndEvent,
            MappingStartEvent,
            ScalarEvent,
            SequenceEndEvent,
            SequenceStartEvent,
            StreamEndEvent,
        )

        documents = 0
        while True:
            event = parser.get_event()
            if isinstance(event, ScalarEvent):
                self._scalar(event)
            elif isinstance(event, MappingStartEvent | SequenceStartEvent):
                self._open(event, mapping=isinstance(event, MappingStartEvent))
            elif isinstance(event, MappingEndEvent | SequenceEndEvent):
                self._close()
            elif isinstance(event, AliasEvent):
                self._alias(event)
            elif isinstance(event, DocumentStartEvent):
                documents += 1
                if documents > 1:
                    self._stop(
                        self._at(event),
                        "A second document begins here (`---`).",
                        "Keep one document in a file; what differs by environment belongs in environments/<name>.yaml.",
                    )
            elif isinstance(event, StreamEndEvent):
                if self.problems:
                    raise Problems(self.problems)
                return self.root

    def _scalar(self, event: ScalarEvent) -> None:
        position = self._at(event)
        plain = not event.style
        tag = event.tag
        if tag is not None:
            self._check_tag(tag, position, allowed="str")
            plain = False
        frame = self.stack[-1] if self.stack else None
        if frame is not None and frame.entries is not None and frame.key is None:
            self._key(frame, event.value, plain, position)
            return
        node = Scalar(event.value, plain, position)
        if event.anchor is not None:
            self.anchors[event.anchor] = _Anchor(node, 1, 1)
        if frame is None and plain and not event.value:
            return  # a document of comments only
        self._add(node, 1, 1)

    def _key(self, frame: _Frame, text: str, plain: bool, position: Position) -> None:
        if plain and not text:
            self._stop(position, "There is no key before the colon.", "Write a key, or remove the colon.")
        entries = frame.entries or {}
        frame.merging = plain and text == "<<"
        if frame.merging:
            if frame.merges:
                self._note(position, "`<<` is written twice here.", "Write it once with a list: `<<: [*one, *two]`.")
        elif text in entries:
            first = entries[text][0]
            self._note(
                position,
                f'The key "{text[:60]}" is written twice; the first time in line {first.line}.',
                "Remove one of them; YAML would silently keep the last.",
                text,
            )
        frame.key = text
        frame.key_position = position

    def _open(self, event: MappingStartEvent | SequenceStartEvent, *, mapping: bool) -> None:
        position = self._at(event)
        if event.tag is not None:
            self._check_tag(event.tag, position, allowed="map" if mapping else "seq")
        if self.stack and self.stack[-1].entries is not None and self.stack[-1].key is None:
            self._stop(
                position,
                "A list or mapping stands where a key is expected.",
                "Write a plain key. If this is a template such as {{ name }}, put it in quotes.",
            )
        if len(self.stack) >= MAX_DEPTH:
            self._too_deep(position)
        if event.anchor is not None:
            self.anchors[event.anchor] = None
        self.stack.append(_Frame(position, event.anchor, mapping=mapping))

    def _close(self) -> None:
        frame = self.stack.pop()
        node: Node
        if frame.entries is None:
            node = Sequence(tuple(frame.items), frame.position)
        else:
            if frame.merges:
                self._merge(frame)
            node = Mapping(frame.entries, frame.position)
        if frame.anchor is not None:
            self.anchors[frame.anchor] = _Anchor(node, frame.size, frame.height)
        self._add(node, frame.size, frame.height)

    def _merge(self, frame: _Frame) -> None:
        """Adds what `<<` brings: own keys win, then the mapping named first."""
        entries = frame.entries or {}
        for value in frame.merges:
            sources = value.items if isinstance(value, Sequence) else (value,)
            for source in sources:
                if isinstance(source, Mapping):
                    for key, entry in source.entries.items():
                        entries.setdefault(key, entry)
                else:
                    self._note(
                        source.position,
                        "`<<` takes a mapping, or a list of mappings.",
                        "Name the anchor of a mapping: `<<: *defaults`.",
                    )

    def _alias(self, event: AliasEvent) -> None:
        position = self._at(event)
        name = event.anchor
        frame = self.stack[-1] if self.stack else None
        if frame is not None and frame.entries is not None and frame.key is None:
            self._stop(position, f"The alias *{name} stands where a key is expected.", "Write the key itself.")
        if name not in self.anchors:
            self._stop(
                position,
                f"The alias *{name} has no anchor before it.",
                f"Mark the value with &{name} above this line, or put the text in quotes.",
            )
        anchor = self.anchors[name]
        if anchor is None:
            self._stop(position, f"The alias *{name} stands inside its own anchor, so it has no end.", "Remove it.")
        if len(self.stack) + anchor.height > MAX_DEPTH:
            self._too_deep(position)
        self._add(anchor.node, anchor.size, anchor.height)

    def _add(self, node: Node, size: int, height: int) -> None:
        if not self.stack:
            self.root = node
            return
        frame = self.stack[-1]
        frame.size += size
        frame.height = max(frame.height, height + 1)
        if frame.size > MAX_NODES:
            self._stop(
                node.position,
                f"With its anchors expanded the document holds more than {MAX_NODES:,} values.",
                "Use fewer aliases of aliases.",
            )
        if frame.entries is None:
            frame.items.append(node)
            return
        key, frame.key = frame.key, None
        if frame.merging:
            frame.merges.append(node)
        elif key is not None:
            frame.entries.setdefault(key, (frame.key_position, node))

    def _check_tag(self, tag: str, position: Position, allowed: str) -> None:
        if tag in ("!", f"tag:yaml.org,2002:{allowed}"):
            return
        shown = "!!" + tag.removeprefix("tag:yaml.org,2002:") if tag.startswith("tag:yaml.org,2002:") else tag
        self._note(
            position,
            f"The tag {shown[:60]} is not taken.",
            "Remove it; a value is read by the key it belongs to. Put text that begins with ! in quotes.",
        )

    def _too_deep(self, position: Position) -> NoReturn:
        self._stop(
            position,
            f"The text is nested more than {MAX_DEPTH} levels deep here.",
            "Look for brackets that are not closed, or for aliases inside of aliases.",
        )

    def _stop(self, position: Position, what: str, fix: str) -> NoReturn:
        self._note(position, what, fix)
        raise Problems(self.problems)

    def _note(self, position: Position, what: str, fix: str, key: str | None = None) -> None:
        steps: list[str | int] = []
        for frame in self.stack:
            if frame.entries is None:
                steps.append(len(frame.items))
            elif frame.key is not None:
                steps.append(frame.key)
        if key is not None:
            steps.append(key)
        path: Path = tuple(steps)
        self.problems.append(Problem(what=what, fix=fix, where=position, path=path_text(path)))
        if len(self.problems) >= MAX_PROBLEMS:
            raise Problems(self.problems)

    def _at(self, event: Event) -> Position:
        mark = event.start_mark
        return Position(self.file, mark.line + 1, mark.column + 1) if mark else Position(self.file, 1, 1)
