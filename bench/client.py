"""A client that costs little, and the processor time of the processes it asks."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tools.serve import descendants

TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Answer:
    status: int
    head: bytes
    body: bytes

    def header(self, name: str) -> str:
        for line in self.head.split(b"\r\n")[1:]:
            key, _, value = line.partition(b":")
            if key.decode().lower() == name.lower():
                return value.strip().decode()
        return ""


class Connection:
    """One kept-alive HTTP/1.1 connection."""

    def __init__(self, host: str, port: int) -> None:
        self.socket = socket.create_connection((host, port), timeout=60)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.rest = b""

    def ask(self, message: bytes) -> Answer:
        self.socket.sendall(message)
        data = self.rest
        while (end := data.find(b"\r\n\r\n")) < 0:
            data += self._more()
        head, data = data[:end], data[end + 4 :]
        status = int(head[9:12])
        length = 0
        for line in head.split(b"\r\n"):
            if line[:15].lower() == b"content-length:":
                length = int(line[15:])
        if status in (204, 304):
            length = 0
        parts, have = [data], len(data)
        while have < length:
            parts.append(self._more())
            have += len(parts[-1])
        data = b"".join(parts)
        self.rest = data[length:]
        return Answer(status, head, data[:length])

    def _more(self) -> bytes:
        data = self.socket.recv(262_144)
        if not data:
            raise ConnectionError("the server closed the connection")
        return data

    def close(self) -> None:
        self.socket.close()


def message(method: str, path: str, host: str, headers: dict[str, str] | None = None, body: bytes = b"") -> bytes:
    lines = [f"{method} {path} HTTP/1.1", f"Host: {host}", "Accept: text/html", "Accept-Language: de"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    if method == "POST":
        lines += ["Content-Type: application/x-www-form-urlencoded", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode() + body


def cpu_seconds(roots: list[int]) -> float:
    """User and system time of these processes, of all below them, and of those below that have ended."""
    ticks = 0
    for root in roots:
        for pid in (root, *descendants(root)):
            with contextlib.suppress(OSError):
                fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
                ticks += int(fields[11]) + int(fields[12]) + int(fields[13]) + int(fields[14])
    return ticks / TICKS


@dataclass(frozen=True)
class Measured:
    """Of one page at one number of connections. Times are milliseconds, sizes are bytes of the body."""

    requests: int
    cpu_ms: float
    per_second: float
    median_ms: float
    slowest_ms: float
    bytes: int
    statuses: dict[int, int]


def measure(
    host: str,
    port: int,
    roots: list[int],
    requests: Callable[[int], Iterator[bytes]],
    *,
    connections: int,
    seconds: float,
    expect: int,
    least: int = 30,
    most: int | None = None,
) -> Measured:
    """Ask for `seconds` (at least `least` requests, at most `most`) over so many `connections`; each gets its own `requests`."""
    lines = [Connection(host, port) for _ in range(connections)]
    streams = [requests(number) for number in range(connections)]
    for line, stream in zip(lines, streams, strict=True):  # warm: every connection, every cache
        for _ in range(3):
            line.ask(next(stream))
    times: list[list[float]] = [[] for _ in lines]
    statuses: list[int] = []
    sizes: list[int] = []
    share = None if most is None else max(1, most // connections)
    begun, cpu = time.perf_counter(), cpu_seconds(roots)
    until = begun + seconds

    def run(index: int) -> None:
        line, stream, own = lines[index], streams[index], times[index]
        for message_ in stream:
            started = time.perf_counter()
            answer = line.ask(message_)
            own.append(time.perf_counter() - started)
            statuses.append(answer.status)
            sizes.append(len(answer.body))
            enough = time.perf_counter() >= until and len(own) * connections >= least
            if enough or (share is not None and len(own) >= share):
                return

    threads = [threading.Thread(target=run, args=(index,)) for index in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took = time.perf_counter() - begun
    cpu = cpu_seconds(roots) - cpu
    for line in lines:
        line.close()
    counted = {status: statuses.count(status) for status in sorted(set(statuses))}
    if counted.keys() != {expect}:
        raise RuntimeError(f"answers {counted} where only {expect} was expected")
    done = sorted(each for own in times for each in own)
    return Measured(
        requests=len(done),
        cpu_ms=cpu * 1000 / len(done),
        per_second=len(done) / took,
        median_ms=done[len(done) // 2] * 1000,
        slowest_ms=done[-1] * 1000,
        bytes=sizes[-1],
        statuses=counted,
    )
