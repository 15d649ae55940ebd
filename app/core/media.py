"""Pictures: made small, freed of everything a camera writes into them, and kept in the database.

Decoding is where hostile files strike: the size is looked at before anything is unpacked, and what comes out is always drawn anew.
"""

from __future__ import annotations

import hashlib
import io
import warnings
from datetime import datetime

from PIL import Image, ImageOps, UnidentifiedImageError
from sqlalchemy import LargeBinary, String, select
from sqlalchemy.orm import Mapped, mapped_column

from app.core import clock
from app.core.db import Model, session
from app.core.errors import Invalid
from app.core.i18n import lazy as _l

LARGEST_BYTES = 12_000_000
LARGEST_PIXELS = 60_000_000
LONG_SIDE = 1280
"""Pixels of the longer side of what is kept."""
THUMB_SIDE = 360


class Media(Model):
    """A picture as it is shown: WebP, without place, time or camera. The same picture is kept once."""

    __tablename__ = "media"

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    """SHA-256 of `content`; part of its address, so that browsers may keep it for ever."""
    width: Mapped[int] = mapped_column()
    height: Mapped[int] = mapped_column()
    content: Mapped[bytes] = mapped_column(LargeBinary, repr=False)
    thumb: Mapped[bytes] = mapped_column(LargeBinary, repr=False)
    created_at: Mapped[datetime] = mapped_column(default_factory=clock.now)


def keep_picture(raw: bytes, field: str = "photo") -> Media:
    """Keep a photo somebody has sent, turned upright, at most `LONG_SIDE` pixels long. Raises `Invalid` for what is no picture."""
    if len(raw) > LARGEST_BYTES:
        raise Invalid({field: [_l("This picture is too large. Up to 12 MB are possible.")]})
    picture = _opened(raw, field)
    content, thumb = _drawn(picture, LONG_SIDE), _drawn(picture, THUMB_SIDE)
    digest = hashlib.sha256(content[2]).hexdigest()
    known = session().scalar(select(Media).where(Media.digest == digest))
    if known is not None:
        return known
    media = Media(digest=digest, width=content[0], height=content[1], content=content[2], thumb=thumb[2])
    session().add(media)
    session().flush()
    return media


def _opened(raw: bytes, field: str) -> Image.Image:
    refusal = Invalid({field: [_l("This is not a picture we can read. Please use JPEG, PNG or WebP.")]})
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(raw), formats=("JPEG", "PNG", "WEBP")) as found:
                if found.width * found.height > LARGEST_PIXELS:
                    raise refusal
                found.draft("RGB", (LONG_SIDE, LONG_SIDE))
                upright = ImageOps.exif_transpose(found)
                plain = Image.new("RGB", upright.size, "white")
                clear = upright.convert("RGBA")
                plain.paste(clear, mask=clear.getchannel("A"))
                return plain
    except (
        UnidentifiedImageError,
        OSError,
        ValueError,
        SyntaxError,
        Image.DecompressionBombError,
        Image.DecompressionBombWarning,
    ):
        raise refusal from None


def _drawn(picture: Image.Image, side: int) -> tuple[int, int, bytes]:
    small = ImageOps.contain(picture, (side, side)) if max(picture.size) > side else picture
    file = io.BytesIO()
    small.save(file, "WEBP", quality=80, method=4)
    return small.width, small.height, file.getvalue()
