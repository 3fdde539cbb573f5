"""Types of files that a browser can show and cannot run.

A list of what is safe and not of what is dangerous: an SVG, a page or a stylesheet that somebody uploads must never run
in the name of this server, and neither must what nobody has thought of yet.
"""

from typing import Final, Literal

Preview = Literal["image", "audio", "video", "pdf", "text"]

UNKNOWN: Final = "application/octet-stream"
_SAFE: Final[dict[Preview, tuple[str, ...]]] = {
    "image": ("image/avif", "image/bmp", "image/gif", "image/jpeg", "image/png", "image/webp"),
    "audio": (
        *("audio/aac", "audio/flac", "audio/mp3", "audio/mp4", "audio/mpeg", "audio/ogg", "audio/wav"),
        *("audio/wave", "audio/webm", "audio/x-m4a", "audio/x-wav"),
    ),
    "video": ("video/mp4", "video/mpeg", "video/ogg", "video/quicktime", "video/webm"),
    "pdf": ("application/pdf",),
    "text": ("application/json", "text/csv", "text/markdown", "text/plain"),
}
_PREVIEWS: Final[dict[str, Preview]] = {mime: preview for preview, types in _SAFE.items() for mime in types}


def preview_of(mime: str | None) -> Preview | None:
    """How a file of that type may be shown; None when it is a download. Parameters and case do not matter."""
    return _PREVIEWS.get((mime or "").split(";", 1)[0].strip().lower())
