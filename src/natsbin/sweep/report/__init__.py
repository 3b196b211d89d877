"""Reports of sweeps: figures, tables (CSV and LaTeX), and one self-contained page."""

from natsbin._util.extras import missing

try:
    import jinja2  # noqa: F401 - all are asked for here, so that their absence is told in one place
    import matplotlib  # noqa: F401
    import pandas  # noqa: F401
    import scipy  # noqa: F401
except ImportError as error:
    raise missing("natsbin.sweep.report", "jinja2, matplotlib, pandas and scipy", "sweep") from error

from natsbin.sweep.report.page import write_report

__all__ = ["write_report"]
