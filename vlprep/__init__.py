"""What a vision-language model sees of your images and videos, and what it costs in tokens.

Names load on first use, so that importing the package is instant: numpy, Pillow and PyAV come in
only when something needs them. Errors are in `vlprep.errors`.

>>> import vlprep
>>> vlprep.processor("qvq-max").count("fixtures/photo.jpg").tokens.total
393
"""

from importlib import import_module

__version__ = "0.1.0"

# Checkers read the names and their homes in the stub, and so does this: one list of them.
_HOME_OF = {
    line.split()[3]: line.split()[1]
    for line in __spec__.loader.get_data(f"{__file__}i").decode().splitlines()
    if line.startswith("from ")
}

__all__ = sorted((*_HOME_OF, "__version__"))


def __getattr__(name: str) -> object:
    if name not in _HOME_OF:
        raise AttributeError(f"module 'vlprep' has no attribute {name!r}")
    value = getattr(import_module(_HOME_OF[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
