"""Colours and fonts in one place → the report's theme; the visuals take their colours from here."""

from __future__ import annotations

from typing import Final

from powerbi.json_text import Json

THEME_FILE: Final = "Tapeline.json"
UP: Final = "#1B8A5A"
DOWN: Final = "#C8413B"
WICK: Final = "#5B6470"
PRICE: Final = "#1F4E8C"
BAND: Final = "#8FB4DC"
MUTED: Final = "#9AA3AE"
MARKER: Final = "#6A4C93"
_INK: Final = "#1D2530"
_PAPER: Final = "#FFFFFF"
_FRAME: Final = "#F3F5F8"


def theme() -> Json:
    """Return the theme file's content; its name must be that of the file (Desktop insists)."""
    font: Json = {"fontFace": "Segoe UI", "fontSize": 10, "color": _INK}
    return {
        "name": THEME_FILE,
        "dataColors": [PRICE, "#D9822B", UP, DOWN, MARKER, "#2A9DB0", MUTED, "#B58B00"],
        "background": _PAPER,
        "foreground": _INK,
        "tableAccent": PRICE,
        "good": UP,
        "neutral": MUTED,
        "bad": DOWN,
        "textClasses": {
            "label": font,
            "title": {"fontFace": "Segoe UI Semibold", "fontSize": 11, "color": _INK},
        },
        "visualStyles": {
            "*": {
                "*": {
                    "background": [{"show": True, "color": {"solid": {"color": _PAPER}}}],
                    "border": [{"show": False}],
                }
            },
            "page": {
                "*": {"background": [{"color": {"solid": {"color": _FRAME}}, "transparency": 0}]}
            },
        },
    }
