"""The figures of the report, each with its caption."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from chunkscope.explorer.reading import Image, read_image, read_text


@dataclass(frozen=True)
class Figure:
    """A figure with its caption."""

    name: str
    image: Image
    caption: str

    @property
    def study(self) -> str:
        """``chunks`` of ``chunks-sweep``."""
        return self.name.partition("-")[0]

    @property
    def what(self) -> str:
        """``sweep`` of ``chunks-sweep``."""
        return self.name.partition("-")[2]

    @property
    def title(self) -> str:
        """``chunks-sweep`` is titled ``Chunks: sweep``."""
        study = self.study.capitalize()
        return f"{study}: {self.what.replace('-', ' ')}" if self.what else study


def read_figure(image: Path, caption: Path) -> Figure:
    """A PNG with the text of its caption.

    Raises:
        ReportError: a file is missing, or the image is no PNG.
    """
    text = read_text(caption).replace(" %", "\u00a0%")  # no line ends between number and sign
    return Figure(image.stem, read_image(image), text)
