"""How pages write dates, times and doses: filters for templates."""

from collections.abc import Mapping
from datetime import date, datetime

from django import template
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString

from portal.display_zone import in_display_zone

register = template.Library()


@register.filter
def day(value: date | datetime | str | None) -> SafeString | str:
    """Return a date as `<time>`, written 12-Jun-2026: never numbers alone; "" for nothing. ISO text too."""
    read = parse_date(value[:10]) if isinstance(value, str) else value
    if not read:
        return ""
    if isinstance(read, datetime):
        read = in_display_zone(read).date()
    return format_html('<time datetime="{}">{}</time>', read.isoformat(), date_format(read, "d-M-Y"))


@register.filter
def moment(value: datetime | str | None) -> SafeString | str:
    """Return a date and time as `<time>`, written 12-Jun-2026 14:26 on the reader's clock; "" for nothing."""
    read = parse_datetime(value) if isinstance(value, str) else value
    if not read:
        return ""
    local = in_display_zone(read)
    return format_html(
        '<time datetime="{}">{}</time>', local.isoformat(timespec="minutes"), date_format(local, "d-M-Y H:i")
    )


@register.filter
def dose(range_msv: Mapping[str, float] | None) -> str:
    """Return a dose range in words, such as "10 to 30 mSv" or "under 0.1 mSv"; "" when there is none.

    The range is {"min", "max"} in millisieverts. Words, because < and trailing zeros are misread.
    """
    if not range_msv or not range_msv["max"]:
        return ""
    if not range_msv["min"]:
        return f"under {range_msv['max']:g} mSv"
    return f"{range_msv['min']:g} to {range_msv['max']:g} mSv"
