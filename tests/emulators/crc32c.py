"""CRC-32C, by the library inside Google's package where that is installed, else by table."""
import base64
import ctypes
import importlib.util
import pathlib


def _load():
    """Called with ctypes because the package itself takes no bytearray; None if it isn't there."""
    package = importlib.util.find_spec("google_crc32c")
    for folder in package.submodule_search_locations if package else []:
        for library in pathlib.Path(folder).parent.glob("google_crc32c.libs/libcrc32c*.so*"):
            function = ctypes.CDLL(str(library)).crc32c_extend
            function.argtypes = [ctypes.c_uint32, ctypes.c_void_p, ctypes.c_size_t]
            function.restype = ctypes.c_uint32
            return function
    return None


def _table():
    table = []
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)
        table.append(value)
    return table


_FUNCTION = _load()
_TABLE = _table()


def crc32c(data):
    """Of bytes or a bytearray. (As the PyPI package of this module's name has it: moto looks there.)"""
    if _FUNCTION is not None:
        if isinstance(data, bytearray):
            return _FUNCTION(0, ctypes.addressof((ctypes.c_char * len(data)).from_buffer(data))
                             if data else None, len(data))
        return _FUNCTION(0, ctypes.cast(ctypes.c_char_p(bytes(data)), ctypes.c_void_p), len(data))
    crc = 0xFFFFFFFF
    for byte in data:
        crc = _TABLE[(crc ^ byte) & 255] ^ crc >> 8
    return crc ^ 0xFFFFFFFF


def text(data):
    """As GCS writes it: base64 of four big-endian bytes."""
    return base64.b64encode(crc32c(data).to_bytes(4, "big")).decode()
