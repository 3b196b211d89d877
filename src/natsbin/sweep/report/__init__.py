"""Reports of sweeps: figures, tables (CSV and LaTeX), and one self-contained page."""

from natsbin.sweep.report.page import write_report

__all__ = ["write_report"]
