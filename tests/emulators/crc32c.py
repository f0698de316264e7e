"""CRC-32C, by Google's own extension where it is installed, else by table."""
import base64

try:
    import google_crc32c

    def extend(crc, data):
        return google_crc32c.extend(crc, bytes(data) if isinstance(data, bytearray) else data)
except ImportError:
    def _table():
        table = []
        for value in range(256):
            for _ in range(8):
                value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)
            table.append(value)
        return table

    _TABLE = _table()

    def extend(crc, data):
        crc ^= 0xFFFFFFFF
        for byte in data:
            crc = _TABLE[(crc ^ byte) & 255] ^ crc >> 8
        return crc ^ 0xFFFFFFFF


def crc32c(data):
    """As the PyPI package of this module's name has it: moto looks for that."""
    return extend(0, data)


def text(data):
    """As GCS writes it: base64 of four big-endian bytes."""
    return base64.b64encode(extend(0, data).to_bytes(4, "big")).decode()
