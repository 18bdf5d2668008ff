"""Damage to payloads and files of any format, as providers, proxies, editors and disks do it. Pure and seeded.

`mutated(content, random)` is `content` after one to three of MUTATIONS, made by `random`: the same seed gives the same
bytes. Values are replaced inside JSON, CSV and XML alike, so that most results are still well formed.
"""

import gzip
import re
import string
import zlib
from collections.abc import Callable
from random import Random

Mutation = Callable[[bytes, Random], bytes]
LARGEST = 256 * 1024  # bytes of a result
# A quoted text, a number, the text of an XML element, or a word.
TOKEN = re.compile(rb'"(?:[^"\\\n]|\\.)*"|[-+]?\d[\d.eE+:TZ-]*|(?<=>)[^<>]+(?=<)|[A-Za-z_][\w.]*')
NUMBERS = (
    *(
        "0",
        "-1",
        "1e308",
        "1.7976931348623157e308",
        "-1.7976931348623157e308",
        "1e-320",
        "1e999",
        "5e-10",
        "2147483647",
    ),
    *("9007199254740993", "9223372036854775808", "340282346638528859811704183484516925440", "0.1", "-0.0", "1e15"),
    *("1970", "253402300800000", "NaN", "Infinity", "0x10", "1_000", "00012", "1.5.2"),
)
TEXTS = (
    *(
        "",
        " ",
        "NULL",
        "null",
        "None",
        "NA",
        "true",
        "1,234.5",
        "=1+1",
        "a,b;c\td",
        "'",
        "''",
        "O'Neil",
        "%s{}",
        "--",
        "$1",
    ),
    *("2024-13-45", "1970-01-01", "9999-12-31T23:59:59Z", "2024-01-02T10:00:00+99:00", "20240102T000000", "now"),
    *(
        "\\u0000",
        "\\ud800",
        '\\"',
        "\\\\",
        "\\n",
        "<b>&amp;</b>",
        "&bogus;",
        "]]>",
        "caf\u00e9",
        "\U0001f680",
        "\u202e",
    ),
    *("https://", "javascript:1", "../../etc", "CRYPTO:BTC", "^GSPC", "BRK.B", "A" * 21),
)
OTHERS = ("null", "true", "false", "[]", "{}", "[[]]", '{"a":[1]}', '[null,1,"x"]', '{"":null}', "[" * 40 + "]" * 40)


def truncate(content: bytes, random: Random) -> bytes:
    return content[: random.randrange(len(content) + 1)]


def truncate_a_little(content: bytes, random: Random) -> bytes:
    return content[: -random.randint(1, 20)]


def cut_the_start(content: bytes, random: Random) -> bytes:
    return content[random.randint(1, 40) :]


def repeat_a_part(content: bytes, random: Random) -> bytes:
    first, last = _span(content, random)
    return content[:last] + content[first:last] * random.choice((1, 2, 30)) + content[last:]


def drop_a_part(content: bytes, random: Random) -> bytes:
    first, last = _span(content, random)
    return content[:first] + content[last:]


def repeat_all(content: bytes, random: Random) -> bytes:
    return content * random.randint(2, 3)


def reorder_lines(content: bytes, random: Random) -> bytes:
    end = random.choice((b"\n", b",", b"<item>", b"},"))
    parts = content.split(end)
    random.shuffle(parts)
    return end.join(parts)


def repeat_lines(content: bytes, random: Random) -> bytes:
    lines = content.splitlines(keepends=True)
    return b"".join(line for line in lines for _ in range(random.choice((1, 1, 2))))


def change_line_ends(content: bytes, random: Random) -> bytes:
    return content.replace(b"\r\n", b"\n").replace(b"\n", random.choice((b"\r\n", b"\r", b"\n\n", b"\x00\n", b" ")))


def swap_values(content: bytes, random: Random) -> bytes:
    tokens = [match.span() for match in TOKEN.finditer(content)]
    if len(tokens) < 2:
        return content
    (a, b), (c, d) = sorted(random.sample(tokens, 2))
    return content[:a] + content[c:d] + content[b:c] + content[a:b] + content[d:]


def drop_values(content: bytes, random: Random) -> bytes:
    return _replaced(content, random, lambda token: b'""' if token.startswith(b'"') else b"")


def change_numbers(content: bytes, random: Random) -> bytes:
    number = random.choice(NUMBERS).encode()
    return _replaced(content, random, lambda token: b'"' + number + b'"' if token.startswith(b'"') else number)


def change_texts(content: bytes, random: Random) -> bytes:
    text = random.choice(TEXTS).encode()
    return _replaced(content, random, lambda token: b'"' + text + b'"' if token.startswith(b'"') else text)


def change_types(content: bytes, random: Random) -> bytes:
    return _replaced(content, random, lambda token: random.choice(OTHERS).encode())


def quote_values(content: bytes, random: Random) -> bytes:
    return _replaced(
        content, random, lambda token: token.strip(b'"') if token.startswith(b'"') else b'"' + token + b'"'
    )


def stray_quotes(content: bytes, random: Random) -> bytes:
    for _ in range(random.randint(1, 3)):
        place = random.randrange(len(content) + 1)
        content = content[:place] + random.choice((b'"', b"'", b"\\", b"<", b"]", b"}")) + content[place:]
    return content


def huge_values(content: bytes, random: Random) -> bytes:
    size = random.choice((300, 3_000, 9_000, 30_000))
    text = "".join(random.choices(string.ascii_letters + string.digits + " ", k=size)).encode()  # cannot be compressed
    return _replaced(content, random, lambda token: b'"' + text + b'"' if token.startswith(b'"') else text, most=3)


def other_bytes(content: bytes, random: Random) -> bytes:
    changed = bytearray(content)
    for _ in range(min(len(changed), random.choice((1, 5, 100)))):
        changed[random.randrange(len(changed))] = random.randrange(256)
    return bytes(changed)


def insert_bytes(content: bytes, random: Random) -> bytes:
    place = random.randrange(len(content) + 1)
    return (
        content[:place]
        + random.choice((b"\0", b"\xff\xfe", b"\xef\xbb\xbf", b"\x1a", random.randbytes(50)))
        + content[place:]
    )


def recode(content: bytes, random: Random) -> bytes:
    text = content.decode("utf-8", "replace")
    return text.encode(random.choice(("utf-8-sig", "utf-16", "utf-16-le", "utf-32", "latin-1", "cp1252")), "replace")


def compress(content: bytes, random: Random) -> bytes:
    packed = random.choice((gzip.compress(content, mtime=0), zlib.compress(content)))
    return packed if random.random() < 0.5 else packed[: len(packed) // 2]


def nest(content: bytes, random: Random) -> bytes:
    before, after = random.choice(((b"[", b"]"), (b'{"data":', b"}"), (b"<a>", b"</a>"), (b"[" * 5000, b"]" * 5000)))
    return before + content + after


def wrap(content: bytes, random: Random) -> bytes:
    before = random.choice(
        (b"\n\n  ", b")]}',\n", b"callback(", b"HTTP/1.1 200 OK\r\n\r\n", b"// note\n", b"<!-- note -->")
    )
    return before + content + random.choice((b"", b"\n\n", b");", b"\0\0\0", b"<script>1</script>"))


def instead(content: bytes, random: Random) -> bytes:
    """Something else with the same status."""
    return random.choice(
        (
            b"",
            b" ",
            b"null",
            b"0",
            b"[]",
            b"{}",
            b'"ok"',
            b"OK",
            b'{"status":"ERROR","error":"internal"}',
            b'{"status":"OK"}',
            b'{"Note":"Our standard API call frequency is 5 calls per minute."}',
            b'{"Information":"The service is down for maintenance"}',
            b'{"Error Message":"Invalid API call."}',
            b'{"message":"Forbidden"}',
            b"<!DOCTYPE html><html><body>Just a moment...</body></html>",
            b"<?xml version='1.0'?><error>quota</error>",
            random.randbytes(200),
        )
    )


MUTATIONS: list[Mutation] = [
    truncate,
    truncate_a_little,
    cut_the_start,
    repeat_a_part,
    drop_a_part,
    repeat_all,
    reorder_lines,
    repeat_lines,
    change_line_ends,
    swap_values,
    drop_values,
    change_numbers,
    change_texts,
    change_types,
    quote_values,
    stray_quotes,
    huge_values,
    other_bytes,
    insert_bytes,
    recode,
    compress,
    nest,
    wrap,
    instead,
]
# Those that leave most of the content readable come more often.
GENTLE: list[Mutation] = [
    swap_values,
    change_numbers,
    change_texts,
    change_types,
    huge_values,
    repeat_a_part,
    drop_values,
]


def mutated(content: bytes, random: Random) -> bytes:
    """`content` with one to three mutations."""
    for _ in range(random.choice((1, 1, 1, 2, 3))):
        chosen = random.choice(GENTLE if random.random() < 0.6 else MUTATIONS)
        content = chosen(content, random)[:LARGEST]
    return content


def _span(content: bytes, random: Random) -> tuple[int, int]:
    first = random.randrange(len(content) + 1)
    return first, min(len(content), first + random.choice((1, 10, 100, 1000)))


def _replaced(content: bytes, random: Random, change: Callable[[bytes], bytes], *, most: int = 8) -> bytes:
    """`content` with some of its values changed."""
    tokens = [match.span() for match in TOKEN.finditer(content)]
    if not tokens:
        return content
    chosen = sorted(random.sample(tokens, min(len(tokens), random.randint(1, most))), reverse=True)
    for first, last in chosen:
        content = content[:first] + change(content[first:last]) + content[last:]
    return content
