"""The benchmark: settings in, measurements out; each setting in a process of its own.

>>> from segkit import benchmark
>>> settings = benchmark.combinations(["deeplab"], threads=(1, 2))       # doctest: +SKIP
>>> report = benchmark.sweep(settings)                                   # doctest: +SKIP
>>> report.results[0].median_ms                                          # doctest: +SKIP

The names are loaded on first use (PEP 562): every worker process imports this package, and what
it does not need must not cost it time.
"""

from importlib import import_module

_HOME = {
    "APIS": "settings", "DELEGATES": "settings", "GPU_DELEGATES": "settings",
    "ACCELERATORS": "settings", "Setting": "settings", "combinations": "settings",
    "Report": "results", "Result": "results",
    "Progress": "steps", "sweep": "measure", "Comparison": "measure", "compare": "measure",
    "OperatorTime": "operating", "OperatorTimes": "operating", "operators": "operating",
    "CrossCheck": "tools", "crosscheck": "tools", "litert_benchmark": "tools", "phone": "tools",
    "Published": "report", "published": "report",
    "software_driver": "accelerators",
    "add_phone_row": "phones.rows", "phone_rows": "phones.rows", "read_phone_row": "phones.rows",
}
__all__ = sorted(_HOME)


def __getattr__(name):
    if name in _HOME:
        return getattr(import_module(f"segkit.benchmark.{_HOME[name]}"), name)
    raise AttributeError(f"module 'segkit.benchmark' has no attribute {name!r}")


def __dir__():
    return __all__
