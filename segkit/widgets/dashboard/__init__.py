"""The dashboard of the benchmark; see :func:`segkit.widgets.benchmark_dashboard`."""
