"""Damaged copies of a file, the same ones in every run."""

import random


def damaged(content, count, seed, tables=()):
    """Yield (what was done, bytes) ``count`` times.

    Args:
        content: the bytes of a good file.
        tables: (start, end) of the parts that steer a reader, hit more often than the rest.
    """
    rng = random.Random(seed)
    kinds = (_cut, _bytes, _zeros, _flips, _swap, _drop) + (_table,) * (6 if tables else 0)
    for number in range(count):
        kind = kinds[number % len(kinds)]
        yield f"{number}: {kind.__name__.strip('_')}", bytes(kind(bytearray(content), rng, tables))


def _place(data, rng):
    """A place in the file; the first kilobyte as often as all the rest."""
    return rng.randrange(min(1024, len(data))) if rng.random() < 0.5 else rng.randrange(len(data))


def _cut(data, rng, _):
    return data[:_place(data, rng)]


def _bytes(data, rng, _):
    for _ in range(rng.choice((1, 4, 64))):
        data[_place(data, rng)] = rng.randrange(256)
    return data


def _flips(data, rng, _):
    for _ in range(rng.choice((1, 3, 20))):
        data[_place(data, rng)] ^= 1 << rng.randrange(8)
    return data


def _zeros(data, rng, _):
    start = _place(data, rng)
    length = min(rng.choice((4, 100, 5000)), len(data) - start)
    data[start:start + length] = bytes(length)
    return data


def _swap(data, rng, _):
    length = rng.choice((8, 64, 512))
    a, b = (_place(data, rng) for _ in range(2))
    data[a:a + length], data[b:b + length] = data[b:b + length], data[a:a + length]
    return data


def _drop(data, rng, _):
    start = _place(data, rng)
    del data[start:start + rng.choice((1, 4, 300))]
    return data


def _table(data, rng, tables):
    """32-bit numbers in a table: offsets, counts and indices become wrong ones."""
    for _ in range(rng.choice((1, 2, 8))):
        start, end = rng.choice(tables)
        place = rng.randrange(start, end - 4) & ~3
        value = rng.choice((0, 1, 0xFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, rng.randrange(1 << 16)))
        data[place:place + 4] = value.to_bytes(4, "little")
    return data
