"""Secrets that live in `instance/`, and fields that only this centre can read.

`secret.key` signs cookies, `field.keys` encrypts fields; both hold one key a line, the newest first, so that a rotation
keeps old cookies and rows readable until they have been renewed. Files are made once, readable by their owner alone.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from contextlib import suppress
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from flask import Flask, current_app
from sqlalchemy import Dialect, LargeBinary
from sqlalchemy.types import TypeDecorator

CODE_LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
"""What people copy from paper: nothing that looks like something else."""


class Unreadable(Exception):
    """A field was encrypted with a key this instance does not have."""


def lines_of(path: Path, make: str) -> list[str]:
    """The keys in `path`, newest first; the file is made with `make` when there is none."""
    if make and not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh = _written(path.with_suffix(f".{secrets.token_hex(4)}"), [make])
        with suppress(FileExistsError):  # another process was first
            os.link(fresh, path)
        fresh.unlink()
        settle(path.parent)
    return [line.strip() for line in path.read_text().splitlines() if line.strip()]


def replace_lines(path: Path, lines: list[str]) -> None:
    """Put `lines` in place of the file's, at once and to last."""
    _written(path.with_suffix(".new"), lines).replace(path)
    settle(path.parent)


def _written(path: Path, lines: list[str]) -> Path:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write("\n".join(lines) + "\n")
        file.flush()
        os.fsync(file.fileno())
    return path


def settle(folder: Path) -> None:
    """A new name is safe from a power cut only when its folder has been written too."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def init_app(app: Flask, instance: Path) -> None:
    signing = lines_of(instance / "secret.key", secrets.token_hex(32))
    app.config["SECRET_KEY"], app.config["SECRET_KEY_FALLBACKS"] = signing[0], signing[1:]
    app.extensions["field_keys"] = instance / "field.keys"
    read_field_keys(app)
    init_fingerprints(app, instance)


def read_field_keys(app: Flask) -> None:
    path: Path = app.extensions["field_keys"]
    lines_of(path, Fernet.generate_key().decode())
    app.extensions["field_keys_seen"] = _stamp(path)  # before reading: what changes meanwhile is read again
    keys = [Fernet(key) for key in lines_of(path, "")]
    app.extensions["field_key"], app.extensions["field_cipher"] = keys[0], MultiFernet(keys)


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        stat = path.stat()
    except FileNotFoundError:
        return None
    return stat.st_ino, stat.st_mtime_ns


def _cipher() -> MultiFernet:
    """The keys as they are on disk now: what one process rotates, all others follow at once."""
    extensions = current_app.extensions
    if _stamp(extensions["field_keys"]) not in (extensions["field_keys_seen"], None):
        read_field_keys(current_app)
    cipher: MultiFernet = extensions["field_cipher"]
    return cipher


def renewed(token: bytes) -> bytes | None:
    """The same text under the newest key; None when it already is. Raises `Unreadable` when no key fits."""
    cipher = _cipher()
    newest: Fernet = current_app.extensions["field_key"]
    try:
        newest.decrypt(token)
    except InvalidToken:
        try:
            return cipher.rotate(token)
        except InvalidToken as fault:
            raise Unreadable("instance/field.keys does not hold the key of this row") from fault
    return None


def add_field_key(app: Flask) -> None:
    """Put a new key on top; what is written from now on uses it, what was written stays readable."""
    path: Path = app.extensions["field_keys"]
    keys = [Fernet.generate_key().decode(), *lines_of(path, "")]
    replace_lines(path, keys)
    read_field_keys(app)


def drop_old_field_keys(app: Flask) -> None:
    """Keep the newest key only; call after every row has been written anew."""
    path: Path = app.extensions["field_keys"]
    replace_lines(path, lines_of(path, "")[:1])
    read_field_keys(app)


class Encrypted(TypeDecorator[str]):
    """Text that stands in the database only as a Fernet token. It cannot be searched or compared there."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> bytes | None:
        return None if value is None else _cipher().encrypt(value.encode())

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> str | None:
        if value is None:
            return None
        try:
            return _cipher().decrypt(bytes(value)).decode()
        except InvalidToken as fault:
            raise Unreadable("instance/field.keys does not hold the key of this row") from fault


def seal(text: str) -> str:
    """`text` as only this centre can read it: for secrets that pass through a browser."""
    return _cipher().encrypt(text.encode()).decode()


def unseal(sealed: str) -> str:
    """Raises `Unreadable` for anything that this centre has not sealed."""
    try:
        return _cipher().decrypt(sealed.encode()).decode()
    except (InvalidToken, ValueError) as fault:
        raise Unreadable("this was not sealed here, or the key is gone") from fault


def token() -> str:
    """A secret for addresses and cookies, 256 bit."""
    return secrets.token_urlsafe(32)


def code(length: int) -> str:
    """A secret a person can copy from paper, `length` letters of 30 (ten letters: 49 bit)."""
    return "".join(secrets.choice(CODE_LETTERS) for _ in range(length))


def digits(length: int) -> str:
    return "".join(secrets.choice("0123456789") for _ in range(length))


def fingerprint(secret: str) -> str:
    """What the database keeps of a long random secret: enough to recognise it, useless to whoever steals a backup.

    Keyed, because six digits alone could be tried out against a plain hash.
    """
    key = current_app.extensions["fingerprint_key"]
    return hmac.new(key, secret.encode(), hashlib.sha256).hexdigest()


def init_fingerprints(app: Flask, instance: Path) -> None:
    """A key of its own: rotating the cookie key must not make printed slips and feeds worthless."""
    app.extensions["fingerprint_key"] = lines_of(instance / "fingerprint.key", secrets.token_hex(32))[0].encode()
