"""Imports MosaicML Streaming without the parts of it that want torchvision and the SDKs of clouds."""
import importlib.util
import sys
import types


def import_streaming():
    """The module streaming.base; its parent's own imports are passed over."""
    spec = importlib.util.find_spec("streaming")
    parent = types.ModuleType("streaming")
    parent.__path__ = list(spec.submodule_search_locations)
    parent.__spec__ = spec
    sys.modules["streaming"] = parent
    return importlib.import_module("streaming.base")
