"""Compression that gives the same bytes everywhere: DEFLATE (RFC 1951) in plain Python.

zlib promises that its output can be read by every other zlib, not that two of them write the same, and zlib-ng, which many
systems have instead, does not. What this writes depends on nothing but its input. It is meant for some hundred KB of source
text: one block a file, with Huffman codes of its own.
"""

from __future__ import annotations

from collections import Counter
from heapq import heapify, heappop, heappush

SHORTEST, LONGEST = 3, 258
WINDOW = 32_768
TRIES = 16
"""Earlier places that are compared for each position: more of them compress a little better, and take longer."""
FAR = 4096
"""A repetition of three bytes from further back costs more than the three bytes."""

END = 256
ORDER = (16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15)
"""In which the lengths of the codes of code lengths are written: section 3.2.7."""

Step = tuple[int, int]
"""What a text is made of: a byte and 0, or the length of a repetition and how far back it is."""


def deflated(data: bytes) -> bytes:
    """The data as one raw DEFLATE stream."""
    steps = _steps(data)
    symbols, distances = Counter({END: 1}), Counter[int]()
    for value, distance in steps:
        symbols[_LENGTHS[value][0] if distance else value] += 1
        if distance:
            distances[_code_of(distance)] += 1
    letters = _code_lengths(symbols, 15)
    places = _code_lengths(distances, 15) or {0: 1}
    out = _Bits()
    out.put(0b101, 3)  # the last block, with codes of its own
    _put_codes(out, letters, places)
    letter_codes, place_codes = _codes(letters), _codes(places)
    for value, distance in steps:
        if not distance:
            out.put(*letter_codes[value])
            continue
        symbol, extra, bits = _LENGTHS[value]
        out.put(*letter_codes[symbol])
        out.put(extra, bits)
        code = _code_of(distance)
        out.put(*place_codes[code])
        out.put(distance - _DISTANCES[code][0], _DISTANCES[code][1])
    out.put(*letter_codes[END])
    return out.bytes()


def _steps(data: bytes) -> list[Step]:
    """The text as bytes and repetitions. One that begins a byte later and is longer is preferred."""
    steps: list[Step] = []
    seen: dict[bytes, list[int]] = {}
    position, size = 0, len(data)
    waiting: Step | None = None
    while position < size:
        places = seen.setdefault(data[position : position + SHORTEST], [])
        length, distance = _longest(data, position, places)
        places.append(position)
        if waiting is not None and length <= waiting[0]:
            steps.append(waiting)
            for inside in range(position + 1, position - 1 + waiting[0]):
                seen.setdefault(data[inside : inside + SHORTEST], []).append(inside)
            position += waiting[0] - 1
            waiting = None
            continue
        if waiting is not None:
            steps.append((data[position - 1], 0))
        if length:
            waiting = (length, distance)
        else:
            waiting = None
            steps.append((data[position], 0))
        position += 1
    if waiting is not None:
        steps.append((data[size - 1], 0))
    return steps


def _longest(data: bytes, position: int, places: list[int]) -> Step:
    """The longest repetition among the last places that begin alike: its length and how far back it is, or zeros."""
    best, distance = 0, 0
    most = min(LONGEST, len(data) - position)
    if most < SHORTEST:
        return 0, 0
    for place in places[: -TRIES - 1 : -1]:
        if position - place > WINDOW:
            break
        if best and data[place + best] != data[position + best]:
            continue
        length = SHORTEST
        while length < most and data[place + length] == data[position + length]:
            length += 1
        if length > best and (length > SHORTEST or position - place <= FAR):
            best, distance = length, position - place
            if best == most:
                break
    return best, distance


def _code_lengths(counts: Counter[int], longest: int) -> dict[int, int]:
    """Huffman's code lengths for symbols that occur so often, none longer than `longest` bits."""
    if len(counts) < 2:
        return dict.fromkeys(counts, 1)
    while True:
        heap: list[tuple[int, int, tuple[int, ...]]] = [(count, symbol, (symbol,)) for symbol, count in counts.items()]
        heapify(heap)
        lengths = dict.fromkeys(counts, 0)
        while len(heap) > 1:
            (one, first, some), (other, second, more) = heappop(heap), heappop(heap)
            for symbol in some + more:
                lengths[symbol] += 1
            heappush(heap, (one + other, min(first, second), some + more))
        if max(lengths.values()) <= longest:
            return lengths
        # Rare symbols made a little less rare get shorter codes.
        counts = Counter({symbol: (count + 1) // 2 for symbol, count in counts.items()})


def _codes(lengths: dict[int, int]) -> dict[int, tuple[int, int]]:
    """Each symbol's code, bits turned round as they are written, and its length: section 3.2.2."""
    codes = {}
    code, before = 0, 0
    for length, symbol in sorted((length, symbol) for symbol, length in lengths.items()):
        code <<= length - before
        codes[symbol] = (int(f"{code:0{length}b}"[::-1], 2), length)
        code, before = code + 1, length
    return codes


def _put_codes(out: _Bits, letters: dict[int, int], places: dict[int, int]) -> None:
    """Write the code lengths of both alphabets, themselves in run lengths and a Huffman code: section 3.2.7."""
    many, far = max(257, max(letters) + 1), max(places) + 1
    listed = [letters.get(symbol, 0) for symbol in range(many)] + [places.get(code, 0) for code in range(far)]
    runs = _runs(listed)
    lengths = _code_lengths(Counter(symbol for symbol, _, _ in runs), 7)
    codes = _codes(lengths)
    written = max(4, max(ORDER.index(symbol) for symbol in lengths) + 1)
    out.put(many - 257, 5)
    out.put(far - 1, 5)
    out.put(written - 4, 4)
    for symbol in ORDER[:written]:
        out.put(lengths.get(symbol, 0), 3)
    for symbol, extra, bits in runs:
        out.put(*codes[symbol])
        out.put(extra, bits)


def _runs(listed: list[int]) -> list[tuple[int, int, int]]:
    """Code lengths, repeated ones as 16 (the last one 3 to 6 times), 17 and 18 (zero 3 to 10, 11 to 138 times)."""
    runs = []
    position = 0
    while position < len(listed):
        value, many = listed[position], 1
        while position + many < len(listed) and listed[position + many] == value:
            many += 1
        position += many
        if value:
            runs.append((value, 0, 0))
            many -= 1
        while many >= 3:
            symbol, least, most, bits = (16, 3, 6, 2) if value else (17, 3, 10, 3) if many <= 10 else (18, 11, 138, 7)
            now = min(many, most)
            runs.append((symbol, now - least, bits))
            many -= now
        runs += [(value, 0, 0)] * many
    return runs


class _Bits:
    """Bits in the order of RFC 1951: the lowest first."""

    def __init__(self) -> None:
        self.out = bytearray()
        self.pending = 0
        self.count = 0

    def put(self, value: int, bits: int) -> None:
        self.pending |= value << self.count
        self.count += bits
        while self.count >= 8:
            self.out.append(self.pending & 255)
            self.pending >>= 8
            self.count -= 8

    def bytes(self) -> bytes:
        return bytes(self.out) + (bytes([self.pending]) if self.count else b"")


def _lengths() -> dict[int, tuple[int, int, int]]:
    """Of each length its symbol, what is added, and in how many bits: section 3.2.5."""
    table: dict[int, tuple[int, int, int]] = {}
    length = SHORTEST
    for symbol in range(257, 285):
        bits = 0 if symbol < 265 else (symbol - 261) // 4
        for extra in range(1 << bits):
            table[length + extra] = (symbol, extra, bits)
        length += 1 << bits
    table[LONGEST] = (285, 0, 0)
    return table


def _distances() -> list[tuple[int, int]]:
    """Of each distance code its first distance, and the bits of what is added."""
    table, first = [], 1
    for code in range(30):
        bits = 0 if code < 2 else code // 2 - 1
        table.append((first, bits))
        first += 1 << bits
    return table


def _code_of(distance: int) -> int:
    """The code of a distance: two codes for each power of two."""
    if distance <= 4:
        return distance - 1
    bits = (distance - 1).bit_length() - 2
    return 2 * bits + 2 + ((distance - 1) >> bits & 1)


_LENGTHS = _lengths()
_DISTANCES = _distances()
