"""The report: one self-contained HTML page of a workflow's figures, claims, tables, provenance."""

from chunkscope.explorer.inputs import ReportInputs
from chunkscope.explorer.reading import ReportError
from chunkscope.explorer.report import write_report

__all__ = ["ReportError", "ReportInputs", "write_report"]
