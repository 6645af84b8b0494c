"""Private keys that are the same everywhere, for signing in a benchmark. They protect nothing.

`openssl genrsa` draws a new one each time, and what signing costs depends a little on the key.
"""

import base64
import random

P256 = bytes.fromhex("06082a8648ce3d030107")  # DER of the curve's name


def rsa_pem(bits):
    dice = random.Random(4)
    p, q = _prime(dice, bits // 2), _prime(dice, bits // 2)
    e = 65537
    d = pow(e, -1, (p - 1) * (q - 1))
    numbers = [0, p * q, e, d, p, q, d % (p - 1), d % (q - 1), pow(q, -1, p)]
    return _pem("RSA PRIVATE KEY", _der(0x30, b"".join(map(_integer, numbers))))


def p256_pem():
    secret = random.Random(5).randrange(1 << 254, 1 << 255).to_bytes(32, "big")
    return _pem("EC PRIVATE KEY", _der(0x30, _integer(1) + _der(0x04, secret) + _der(0xA0, P256)))


def _prime(dice, bits):
    """With its two highest bits set, so that a product of two has the full length."""
    while True:
        candidate = dice.getrandbits(bits) | 3 << (bits - 2) | 1
        if candidate % 65537 != 1 and all(pow(base, candidate - 1, candidate) == 1 for base in (2, 3, 5, 7)):
            return candidate


def _integer(value):
    return _der(0x02, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def _der(tag, content):
    length = len(content)
    if length < 128:
        return bytes([tag, length]) + content
    size = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(size)]) + size + content


def _pem(label, der):
    text = base64.encodebytes(der).decode().replace("\n", "")
    lines = [text[i:i + 64] for i in range(0, len(text), 64)]
    return "\n".join([f"-----BEGIN {label}-----", *lines, f"-----END {label}-----", ""])
