"""PDFs of prints: plain A4 or Letter, black on white, identifiers and "page n of m" on every page."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from typing import Any
from xml.sax.saxutils import escape

from django.conf import settings
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from reportlab.lib.colors import black
from reportlab.lib.pagesizes import A4, LETTER
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    BaseDocTemplate,
    CondPageBreak,
    Flowable,
    Frame,
    KeepTogether,
    ListFlowable,
    ListItem,
    PageTemplate,
    Paragraph,
    Spacer,
    Table,
    TableStyle,
)

from ordering.printing.barcodes import Barcode
from ordering.printing.fonts import BOLD, REGULAR, drawable, register
from ordering.printing.leaflet import Leaflet
from ordering.printing.requisition import Line, Printed, Requisition

MARGIN = 15 * mm
MODULE = 0.33 * mm  # width of the narrowest bar; below 0.25 mm office printers and scanners start to fail
BAR_HEIGHT = 13 * mm
PAPERS = {"a4": A4, "letter": LETTER}
LABEL_WIDTH = 42 * mm
FOOT_HEIGHT = 12 * mm


def requisition_pdf(requisition: Requisition) -> bytes:
    """Return the requisition as a PDF."""
    page = _Page(requisition.sheet, size=9.5)
    story: list[Flowable] = [
        Table(
            [[_facts(page, requisition), _Bars(requisition.sheet.barcode, page)]],
            colWidths=[page.width - _Bars.width_of(requisition.sheet.barcode), None],
            style=TableStyle([*BARE, ("VALIGN", (0, 0), (-1, -1), "TOP")]),
        )
    ]
    for block in requisition.blocks:
        if block.lines:
            story += [CondPageBreak(25 * mm), page.heading(block.title), page.table(block.lines)]
    story += [
        Spacer(0, 5 * mm),
        KeepTogether([page.text(requisition.signed, bold=True), page.text(requisition.sheet.printed)]),
    ]
    return page.build(story)


def leaflet_pdf(leaflet: Leaflet) -> bytes:
    """Return the leaflet as a PDF, in larger letters."""
    page = _Page(leaflet.sheet, size=12)
    story: list[Flowable] = [page.text(leaflet.study, bold=True, size=17), Spacer(0, 2 * mm)]
    for section in leaflet.sections:
        texts = [page.text(text, after=2 * mm) for text in section.texts]
        items = [ListItem(page.text(text, after=1.5 * mm), leftIndent=6 * mm) for text in section.items]
        listed = (
            [ListFlowable(items, bulletType="bullet", start="•", bulletFontName=REGULAR, leftIndent=6 * mm)]
            if items
            else []
        )
        story.append(KeepTogether([page.heading(section.title), *texts, *listed]))
    story += [Spacer(0, 5 * mm), page.text(leaflet.source, size=9), page.text(leaflet.sheet.printed, size=9)]
    return page.build(story)


BARE: list[Any] = [
    ("LEFTPADDING", (0, 0), (-1, -1), 0),
    ("RIGHTPADDING", (0, 0), (-1, -1), 0),
    ("TOPPADDING", (0, 0), (-1, -1), 0),
    ("BOTTOMPADDING", (0, 0), (-1, -1), 0),
]
RULED: list[Any] = [
    ("LEFTPADDING", (0, 0), (0, -1), 0),
    ("RIGHTPADDING", (-1, 0), (-1, -1), 0),
    ("TOPPADDING", (0, 0), (-1, -1), 2),
    ("BOTTOMPADDING", (0, 0), (-1, -1), 3),
    ("VALIGN", (0, 0), (-1, -1), "TOP"),
    ("LINEBELOW", (0, 0), (-1, -1), 0.3, black),
]


class _Page:
    """The frame of a print: what its pages carry, and the styles of what stands on them."""

    def __init__(self, sheet: Printed, *, size: float) -> None:
        register()
        self.sheet, self.size = sheet, size
        self.paper = PAPERS[settings.PORTAL_PAPER]
        self.width = self.paper[0] - 2 * MARGIN
        self.undrawable = False

    def text(self, text: str, *, bold: bool = False, size: float = 0, after: float = 0) -> Paragraph:
        """Return a text that wraps, also inside a long word, and is never shortened."""
        drawn, lacking = drawable(text)
        self.undrawable |= lacking
        size = size or self.size
        style = ParagraphStyle(
            "text",
            fontName=BOLD if bold else REGULAR,
            fontSize=size,
            leading=size * 1.35,
            spaceAfter=after,
            splitLongWords=1,
        )
        return Paragraph(escape(drawn).replace("\n", "<br/>"), style)

    def heading(self, text: str) -> Paragraph:
        """Return a heading."""
        paragraph = self.text(text, bold=True, size=self.size * 1.2)
        paragraph.style.spaceBefore, paragraph.style.spaceAfter = 3.5 * mm, 1.2 * mm
        return paragraph

    def table(self, lines: Sequence[Line], *, width: float = 0) -> Table:
        """Return labels beside values; a value that nobody documented stands in bold."""
        rows = [[self.text(line.label), self.text(line.value, bold=line.missing)] for line in lines]
        width = width or self.width
        return Table(
            rows, colWidths=[LABEL_WIDTH, width - LABEL_WIDTH], style=TableStyle(RULED), splitInRow=1
        )

    def build(self, story: list[Flowable]) -> bytes:
        """Return the file."""
        head = self._head()
        _width, head_height = head.wrap(self.width, self.paper[1])
        out = BytesIO()
        document = BaseDocTemplate(
            out,
            pagesize=self.paper,
            title=f"{self.sheet.title} {self.sheet.number}",  # no patient data: viewers list it
            author=self.sheet.organisation,
            lang=get_language() or "en",
        )
        frame = Frame(
            MARGIN,
            MARGIN + FOOT_HEIGHT,
            self.width,
            self.paper[1] - 2 * MARGIN - FOOT_HEIGHT - head_height - 3 * mm,
            leftPadding=0,
            rightPadding=0,
            topPadding=0,
            bottomPadding=0,
        )

        def draw_head(canvas: Canvas, _document: BaseDocTemplate) -> None:
            head.drawOn(canvas, MARGIN, self.paper[1] - MARGIN - head_height)

        document.addPageTemplates([PageTemplate("page", [frame], onPage=draw_head)])
        document.build(story, canvasmaker=self._counting)
        return out.getvalue()

    def _counting(self, *args: Any, **kwargs: Any) -> Canvas:
        # else reportlab names a typeface that is not embedded
        return _CountingCanvas(*args, foot=self._foot, **(kwargs | {"initialFontName": REGULAR}))

    def _head(self) -> Table:
        """Return what stands at the top of every page. It grows with the name instead of cutting it."""
        sheet = self.sheet
        identifiers = " · ".join(f"{line.label} {line.value}" for line in sheet.identifiers)
        rows: list[list[Flowable]] = [
            [self.text(f"{sheet.title} · {sheet.organisation}", size=9)],
            [self.text(sheet.patient_name, bold=True, size=13)],
            [self.text(identifiers, bold=True, size=10.5)],
            [self.text(_("Order %(number)s") % {"number": sheet.number}, size=10.5)],
        ]
        if self.undrawable:
            said = _(
                "A diamond stands for a character that this file cannot show. "
                "Print the page from the portal instead to see it."
            )
            rows.append([self.text(said, size=9)])
        boxed = len(rows)
        if sheet.training:
            rows.append([self.text(_("TRAINING DATA: an invented patient"), bold=True, size=11)])
        if sheet.mark:
            rows.append([self.text(sheet.mark, bold=True, size=16)])
            if sheet.mark_text:
                rows.append([self.text(sheet.mark_text, size=10)])
        style = [
            ("BOX", (0, 0), (-1, boxed - 1), 1.2, black),
            ("TOPPADDING", (0, 0), (-1, -1), 1.5),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 2.5),
        ]
        if len(rows) > boxed:
            style.append(("BOX", (0, boxed), (-1, -1), 2.5, black))
        return Table(rows, colWidths=[self.width], style=TableStyle(style))

    def _foot(self, canvas: Canvas, number: int, count: int) -> None:
        canvas.setFont(REGULAR, 9)
        canvas.drawString(MARGIN, MARGIN, _("Order %(number)s") % {"number": self.sheet.number})
        said = _("Page %(number)s of %(count)s") % {"number": number, "count": count}
        canvas.drawRightString(self.paper[0] - MARGIN, MARGIN, said)


class _CountingCanvas(Canvas):
    """A canvas that knows at the end how many pages there are, and says so at the foot of each."""

    def __init__(self, *args: Any, foot: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.foot = foot
        self.pages: list[dict[str, Any]] = []

    def showPage(self) -> None:  # noqa: N802 - reportlab's name
        """Keep the page for later."""
        self.pages.append(dict(self.__dict__))
        self._startPage()

    def save(self) -> None:
        """Draw the feet and write the file."""
        for number, page in enumerate(self.pages, start=1):
            self.__dict__.update(page)
            self.foot(self, number, len(self.pages))
            super().showPage()
        super().save()


class _Bars(Flowable):
    """A barcode with its text below."""

    def __init__(self, barcode: Barcode, page: _Page) -> None:
        super().__init__()
        self.barcode, self.page = barcode, page

    @staticmethod
    def width_of(barcode: Barcode) -> float:
        """Return the width on paper."""
        return barcode.width * MODULE

    def wrap(self, _width: float, _height: float) -> tuple[float, float]:
        """Return the room that it takes."""
        return self.width_of(self.barcode), BAR_HEIGHT + 5 * mm

    def draw(self) -> None:
        """Draw bars and text."""
        self.canv.setFillColor(black)
        for place, width in self.barcode.bars:
            self.canv.rect(place * MODULE, 5 * mm, width * MODULE, BAR_HEIGHT, stroke=0, fill=1)
        self.canv.setFont(BOLD, 11)
        self.canv.drawCentredString(self.width_of(self.barcode) / 2, 1 * mm, self.barcode.text)


def _facts(page: _Page, requisition: Requisition) -> list[Flowable]:
    width = page.width - _Bars.width_of(requisition.sheet.barcode) - 4 * mm
    return [
        page.text(requisition.study, bold=True, size=15, after=2 * mm),
        page.table(requisition.facts, width=width),
    ]
