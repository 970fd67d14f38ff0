"""Reads the pixels of a PNG as far as icons need it: 8 bits a channel, RGB or RGBA, not interlaced."""

import struct
import zlib

CHANNELS = {2: 3, 6: 4}


def pixels(content: bytes) -> list[tuple[int, ...]]:
    """Return the pixels row by row, each of 3 or 4 channels."""
    width, height, depth, kind, _, _, interlaced = struct.unpack(">IIBBBBB", content[16:29])
    assert (depth, interlaced) == (8, 0)
    channels = CHANNELS[kind]
    raw, line = zlib.decompress(_data(content)), width * channels
    before, rows = bytearray(line), []
    for start in range(0, height * (line + 1), line + 1):
        before = _unfiltered(raw[start], bytearray(raw[start + 1 : start + 1 + line]), before, channels)
        rows += [tuple(before[at : at + channels]) for at in range(0, line, channels)]
    return rows


def _data(content: bytes) -> bytes:
    at, data = 8, b""
    while at < len(content):
        (length,) = struct.unpack(">I", content[at : at + 4])
        if content[at + 4 : at + 8] == b"IDAT":
            data += content[at + 8 : at + 8 + length]
        at += length + 12
    return data


def _unfiltered(method: int, line: bytearray, before: bytearray, channels: int) -> bytearray:
    for n in range(len(line)):
        left = line[n - channels] if n >= channels else 0
        corner = before[n - channels] if n >= channels else 0
        line[n] = (
            line[n] + (0, left, before[n], (left + before[n]) // 2, _paeth(left, before[n], corner))[method]
        ) % 256
    return line


def _paeth(left: int, above: int, corner: int) -> int:
    guess = left + above - corner
    return min((left, above, corner), key=lambda value: abs(guess - value))
