"""macho.py FILE: whether a program for macOS is one that macOS starts, as far as its headers say; prints what it is.

A program for Apple's processors must be signed, by its own hash at least; it may load libraries of the system alone, and
say which version it is for. Numbers are those of Apple's <mach-o/loader.h> and <mach/machine.h>.
"""

import hashlib
import struct
import sys

MAGIC_64, EXECUTE, PIE = 0xFEEDFACF, 2, 0x200000
CPUS = {0x0100000C: "aarch64", 0x01000007: "x86_64"}
LOAD_DYLIB, LOAD_WEAK_DYLIB, CODE_SIGNATURE, BUILD_VERSION, MAIN = 0xC, 0x80000018, 0x1D, 0x32, 0x80000028
PLATFORM_MACOS = 1
SUPERBLOB, CODE_DIRECTORY, SHA_256 = 0xFADE0CC0, 0xFADE0C02, 2


def pages_hold(data, start):
    """Whether every page has the hash that the signature at `start` says (Apple's <kern/cs_blobs.h>); macOS kills a program at the first that has not."""
    blob, _, count = struct.unpack_from(">3I", data, start)
    assert blob == SUPERBLOB, "the signature is not one"
    for index in range(count):
        _, offset = struct.unpack_from(">2I", data, start + 12 + 8 * index)
        at = start + offset
        magic, _, _, _, hashes, _, _, slots, limit, size, kind, _, shift = struct.unpack_from(">9I4B", data, at)
        if magic != CODE_DIRECTORY:
            continue
        assert kind == SHA_256 and slots == -(-limit // (1 << shift)) > 0 and limit == start, "not the whole program is signed"
        for slot in range(slots):
            page = data[slot << shift : min((slot + 1) << shift, limit)]
            wanted = data[at + hashes + size * slot :][:size]
            assert hashlib.sha256(page).digest() == wanted, f"page {slot} is not the one that was signed"
        return
    raise AssertionError("the signature names no pages")


def main(path):
    data = open(path, "rb").read()
    magic, cpu, _, kind, count, _, flags, _ = struct.unpack_from("<8I", data)
    assert magic == MAGIC_64 and kind == EXECUTE, "not a program"
    assert flags & PIE, "not to be loaded at any address"
    libraries, version, signed, entry, at = [], None, False, False, 32
    for _ in range(count):
        command, size = struct.unpack_from("<2I", data, at)
        if command in (LOAD_DYLIB, LOAD_WEAK_DYLIB):
            (name,) = struct.unpack_from("<I", data, at + 8)
            libraries.append(data[at + name : at + size].split(b"\0")[0].decode())
        elif command == BUILD_VERSION:
            platform, least = struct.unpack_from("<2I", data, at + 8)
            assert platform == PLATFORM_MACOS, f"platform {platform}"
            version = f"{least >> 16}.{least >> 8 & 0xFF}"
        elif command == CODE_SIGNATURE:
            offset, length = struct.unpack_from("<2I", data, at + 8)
            assert offset + length <= len(data), "the signature ends behind the file"
            pages_hold(data, offset)
            signed = True
        entry |= command == MAIN
        at += size
    assert entry, "it has no beginning"
    assert signed or CPUS[cpu] != "aarch64", "it is not signed, so no Mac with an Apple processor starts it"
    assert version == "11.0", f"it is for macOS {version}, not 11.0"
    foreign = [name for name in libraries if not name.startswith(("/usr/lib/", "/System/Library/Frameworks/"))]
    assert libraries and not foreign, f"libraries that no Mac has: {foreign}"
    names = ", ".join(sorted(name.rsplit("/", 1)[1] for name in libraries))
    print(f"{CPUS[cpu]}, macOS {version} or newer, {'signed by its hash' if signed else 'not signed'}, loads {names}")


main(sys.argv[1])
